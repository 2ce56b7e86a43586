/** The ledger: every line, the newest first, and what was tried on each symbol. */
import { luckInShort } from "../../domain/luck/run-luck.ts";
import { z } from "zod";
import { kindOfJob } from "../../domain/kinds/index.ts";
import { weighRuns, type WeighedRun } from "../../research/jobs/luck-of.ts";
import type { Deps } from "../../research/ports.ts";
import type { LedgerHead, TrialLimit } from "../../store/ledger.ts";
import type { LedgerLine, TriedSymbol } from "../../store/trials.ts";
import { askedAt, LEDGER_CHECK, luckLink, runLink, strategyLink } from "../places.ts";
import { readQuery } from "../query.ts";
import type { MakeView } from "../request.ts";
import { facts, paragraph, section, table, type Block, type Line, type Section } from "../view.ts";
import { counted, figure, moment } from "../words.ts";

const ROWS = 50;
const MOST_SYMBOLS = 200;
const SHOWN_DIGITS = 12;

const Query = z.object({
  before: z
    .string()
    .regex(/^[1-9]\d{0,14}$/)
    .transform(Number)
    .optional(),
});

export const ledger: MakeView = async ({ deps, query }) => {
  const { before = null } = readQuery(Query, query, "before is the number of a line.");
  const { trials, ledger: book } = deps.records;
  const [head, found] = await Promise.all([book.head(), trials.lines(ROWS + 1, before)]);
  const lines = found.slice(0, ROWS);
  return {
    title: "Ledger",
    lead: leadOf(head),
    sections: [
      ...(before === null && head !== null ? [await symbolsSection(deps), headSection(head)] : []),
      section("Lines", await linesTable(deps, lines), ...olderLink(lines, found.length > ROWS), paragraph(HOW)),
    ],
  };
};

const HOW =
  "Each backtest has a line when it begins and one when it ends. Every line carries the hash of the line before, so none can be changed or left out unseen. The same figures of the same run count once, and parts of a measurement are no trials. Sharpe ratios are per year.";

const leadOf = (head: LedgerHead | null): Line =>
  head === null
    ? "The ledger is empty. Its first line comes with the first backtest: whatever is tried is counted from then on, because the best of many looks good by luck."
    : [
        `${counted(head.seq, "line")}: what was tried, and whose figures were shown. `,
        { text: "Check that every line is what it was", href: LEDGER_CHECK },
        ".",
      ];

async function symbolsSection({ records }: Deps): Promise<Section> {
  const [symbols, limits] = await Promise.all([records.trials.symbols(MOST_SYMBOLS), records.ledger.limits()]);
  return section(
    "What was tried",
    table({
      caption: "Backtests whose figures were shown, by symbol, the newest first",
      columns: [
        { title: "symbol" },
        { title: "backtests tried", figures: true },
        { title: "limit", figures: true },
        { title: "left", figures: true },
        { title: "why this limit" },
      ],
      rows: rowsOf(symbols, limits).map((cells) => ({ cells })),
      empty: "No backtest has shown its figures yet.",
    }),
    paragraph(
      "The limit is the operator's: so many backtests of a symbol may show their figures. Beyond it nothing is computed.",
    ),
  );
}

/** Symbols with a limit are told even when nothing was tried on them. */
function rowsOf(symbols: readonly TriedSymbol[], limits: readonly TrialLimit[]): Line[][] {
  const limitOf = new Map(limits.map((limit) => [limit.symbol, limit]));
  const tried = new Set(symbols.map(({ symbol }) => symbol));
  const untried = limits.filter(({ symbol }) => !tried.has(symbol)).map(({ symbol }) => ({ symbol, trials: 0 }));
  return [...symbols, ...untried].map(({ symbol, trials }) => [
    trials === 0 ? symbol : luckLink(symbol),
    String(trials),
    ...limitCells(limitOf.get(symbol)),
  ]);
}

const limitCells = (limit: TrialLimit | undefined): Line[] =>
  limit === undefined
    ? ["none", "-", ""]
    : [String(limit.limit), String(Math.max(0, limit.left)), `${limit.by}, ${moment(limit.at)}: ${limit.reason}`];

const headSection = ({ seq, hash }: LedgerHead): Section =>
  section(
    "The last line",
    facts({ number: String(seq), hash }),
    paragraph(
      "This hash vouches for all lines before it. Write it down elsewhere, and nobody can write the ledger anew unseen.",
    ),
  );

async function linesTable(deps: Deps, lines: readonly LedgerLine[]): Promise<Block> {
  const shown = lines.filter(({ sharpe, jobId }) => sharpe !== null && jobId !== null);
  const weighed = await weighRuns(
    deps,
    shown.flatMap(({ jobId }) => jobId ?? []),
    shown.flatMap(({ symbol }) => symbol ?? []),
    "own symbol",
  );
  return table({
    caption: "Lines of the ledger, the newest first",
    columns: [
      { title: "line", figures: true },
      { title: "when (UTC)" },
      { title: "symbol" },
      { title: "what happened" },
      { title: "strategy" },
      { title: "Sharpe", figures: true },
      { title: "luck", figures: true },
      { title: "job" },
      { title: "hash begins" },
    ],
    rows: lines.map((line) => ({ cells: cellsOf(line, weighed.get(line.jobId ?? "")) })),
    empty: "There are no lines here.",
  });
}

function cellsOf(line: LedgerLine, weighed: WeighedRun | undefined): Line[] {
  const { seq, at, symbol, strategy, jobId, sharpe, hash } = line;
  return [
    String(seq),
    moment(at),
    symbol ?? "",
    happened(line),
    strategy === null ? "" : strategyLink(strategy),
    sharpe === null ? "" : figure(sharpe),
    sharpe === null || weighed === undefined ? "" : luckInShort(weighed.luck),
    jobId === null ? "" : runLink(jobId),
    hash.slice(0, SHOWN_DIGITS),
  ];
}

/** What a line of a backtest or a walk-forward tells, by how it stands. */
const OF_TRIALS: Readonly<Record<string, string>> = {
  started: "began",
  finished: "showed its figures",
  failed: "failed: nothing was shown",
  cancelled: "was stopped: nothing was shown",
};

/** What must be said of backtests that are not tried for the first time. */
const NOT_FIRST: Readonly<Record<string, string>> = {
  replay: " (the same run once more)",
  import: " (from another record)",
  measure: " (a part of a measurement or a walk-forward, or a watch of a champion: no trial)",
};

function happened(line: LedgerLine): string {
  const { kind, state, jobId, look, limit, by, reason } = line;
  switch (kind) {
    case "holdout":
      return look === null ? "bars were kept back as a holdout" : `look ${look} at the holdout: ${lookEnd(line)}`;
    case "void":
      return `the operator voided look ${look ?? "?"} at the holdout; it stays counted`;
    case "override":
      return `${limit === null ? "the limit ended" : `limit ${limit}`}, by ${by ?? "?"}: ${reason ?? "?"}`;
    default: {
      const what = kindOfJob(jobId ?? "") === "walk_forward" ? "a walk-forward" : "a backtest";
      return `${what} ${OF_TRIALS[state ?? ""] ?? kind}${NOT_FIRST[kind] ?? ""}`;
    }
  }
}

function lookEnd({ state, passed }: LedgerLine): string {
  if (state === "started") return "begun";
  return passed === null ? "no answer" : passed ? "passed" : "failed";
}

const olderLink = (lines: readonly LedgerLine[], more: boolean): Block[] =>
  more ? [paragraph({ text: "Older lines", href: askedAt("/ledger", { before: lines.at(-1)?.seq }) })] : [];
