/** Every strategy, what changed last first: how often it ran, and the least that luck explains of it. */
import { z } from "zod";
import { datesText } from "../../domain/kinds/words.ts";
import type { BacktestResult } from "../../domain/kinds/backtest.ts";
import { DomainError } from "../../domain/errors.ts";
import { weighRuns, type WeighedRun } from "../../research/jobs/luck-of.ts";
import type { Deps } from "../../research/ports.ts";
import type { StrategyEntry } from "../../strategies/strategy-folder.ts";
import type { StrategyVersion } from "../../strategies/history-log.ts";
import type { StrategyOnRecord, StrategyStanding } from "../../store/strategy-runs.ts";
import { ifThere } from "../missing.ts";
import { askedAt, runLink, strategyLink } from "../places.ts";
import { readQuery, ROWS } from "../query.ts";
import type { MakeView } from "../request.ts";
import { paragraph, section, table, type Block, type Line } from "../view.ts";
import { counted, figure, luckCell, moment, toneOf } from "../words.ts";

const MOST_SYMBOLS = 1_000;
const Query = z.object({ after: z.string().optional() });

/** A strategy, and what was last heard of it. */
interface Known {
  readonly name: string;
  /** ISO-8601 UTC. */
  readonly at: string;
  readonly happened: string;
  readonly by: string;
}

/** What is known of all strategies; null for what cannot be read now. */
interface Sources {
  readonly files: readonly StrategyEntry[] | null;
  readonly versions: ReadonlyMap<string, StrategyVersion> | null;
  readonly onRecord: readonly StrategyOnRecord[] | null;
}

/** The best that a strategy has shown, where anything counts. */
interface Best {
  readonly standing: StrategyStanding;
  readonly result: BacktestResult;
  readonly weighed: WeighedRun;
}

export const strategies: MakeView = async ({ deps, query }) => {
  const { after } = readQuery(Query, query, "after is the name of a strategy.");
  const sources = await sourcesOf(deps);
  const known = knownOf(sources);
  const from = after === undefined ? 0 : known.findIndex(({ name }) => name === after) + 1;
  if (after !== undefined && from === 0) throw noSuch(after);
  const rows = known.slice(from, from + ROWS);
  const names = rows.map(({ name }) => name);
  const standings = await ifThere(standingsOf(deps, names));
  const more =
    known.length > from + ROWS
      ? [paragraph({ text: "Further ones", href: askedAt("/strategies", { after: rows.at(-1)?.name }) })]
      : [];
  return {
    title: "Strategies",
    lead: leadOf(known.length, sources),
    sections: [section("All of them", ...missing(sources), tableOf(rows, standings), ...more, paragraph(HOW))],
  };
};

const HOW =
  "A run is a finished training or backtest; the parts of measurements are none. Of each strategy the backtests stand here that luck explains least: one for each draw of the same training, on days that it was not trained on. Sharpe is per year and of the draw in the middle, never of the best one. Few trades, bad bars, and a strategy that saw the future count as nothing. Luck counts all that was tried on any symbol. A change by outside was made to the file itself, by whomever.";

const nothingAnswers = () =>
  new DomainError("database_unavailable", { what: "Neither PostgreSQL nor the folder of the strategies can be read." });

const noSuch = (name: string) =>
  new DomainError("invalid_input", {
    what: "This list cannot be asked for so.",
    why: `There is no strategy ${name} to go on after.`,
  });

function leadOf(count: number, sources: Sources): string {
  if (count > 0) return `${counted(count, "strategy", "strategies")}; what changed last stands first.`;
  if (Object.values(sources).includes(null)) return "No strategy can be told of now.";
  return "There is no strategy yet. Whatever is saved with create_strategy stands here, with all its versions and what each of them did.";
}

async function sourcesOf({ strategies: library, records }: Deps): Promise<Sources> {
  const [files, versions, onRecord] = await Promise.all([
    ifThere(library.list()),
    ifThere(library.newestVersions()),
    ifThere(records.strategyRuns.onRecord()),
  ]);
  if (files === null && onRecord === null) throw nothingAnswers();
  return { files, versions, onRecord };
}

/** What cannot be told now. */
function missing({ files, versions, onRecord }: Sources): Block[] {
  const away = [
    files === null ? "The folder of the strategies cannot be read now. Only strategies that ran are listed." : null,
    versions === null
      ? "Versions cannot be read now: when a file was written stands instead of its newest change."
      : null,
    onRecord === null
      ? "PostgreSQL does not answer. What the strategies did cannot be told now, and those that exist only on record are missing."
      : null,
  ];
  return away.flatMap((one) => (one === null ? [] : [paragraph(one, "bad")]));
}

/** By what was last heard of each: its newest version, else its file, else its newest job. */
function knownOf({ files, versions, onRecord }: Sources): readonly Known[] {
  const all = new Map<string, Known>();
  for (const { strategy: name, newestJobAt: at } of onRecord ?? []) {
    all.set(name, { name, at, happened: "only on record: its newest job was asked for", by: "" });
  }
  for (const { name, modifiedAt: at } of files ?? [])
    all.set(name, { name, at, happened: "file written, no version yet", by: "" });
  const there = files === null ? null : new Set(files.map(({ name }) => name));
  for (const [name, { at, change, author: by }] of versions ?? []) {
    const gone = change !== "removed" && there?.has(name) === false;
    const back = change === "removed" && there?.has(name) === true;
    if (!back) all.set(name, { name, at, happened: gone ? `${change}; its file is gone` : change, by });
  }
  return [...all.values()].toSorted((a, b) => b.at.localeCompare(a.at) || a.name.localeCompare(b.name));
}

async function standingsOf(deps: Deps, names: readonly string[]) {
  const { strategyRuns, trials, results } = deps.records;
  const [standings, symbols] = await Promise.all([strategyRuns.standings(names), trials.symbols(MOST_SYMBOLS)]);
  const middles = standings.flatMap(({ middle }) => middle ?? []);
  const tried = symbols.map(({ symbol }) => symbol);
  const [weighed, runs] = await Promise.all([weighRuns(deps, middles, tried, "all symbols"), results.runs(middles)]);
  const shown = new Map(runs.map(({ jobId, result }) => [jobId, result]));
  return new Map(
    standings.map((standing) => {
      const result = shown.get(standing.middle ?? "");
      const own = weighed.get(standing.middle ?? "");
      const best: Best | null =
        result?.kind === "backtest" && own != null && own.luck.probability !== null
          ? { standing, result, weighed: own }
          : null;
      return [standing.strategy, { standing, best }] as const;
    }),
  );
}

type Standings = Awaited<ReturnType<typeof standingsOf>>;

const tableOf = (rows: readonly Known[], standings: Standings | null): Block =>
  table({
    caption: "Strategies, what changed last first",
    columns: [
      { title: "strategy" },
      { title: "newest change" },
      { title: "when (UTC)" },
      { title: "by" },
      { title: "runs", figures: true },
      { title: "Sharpe", figures: true },
      { title: "draws", figures: true },
      { title: "luck", figures: true },
      { title: "on" },
      { title: "middle draw" },
    ],
    rows: rows.map(({ name, at, happened, by }) => {
      const found = standings?.get(name);
      const best = found?.best ?? null;
      return {
        cells: [strategyLink(name), happened, moment(at), by, runsText(found?.standing), ...bestCells(best)],
        ...(best !== null && toneOf(best.weighed.luck) === "good" ? { tone: "good" as const } : {}),
      };
    }),
    empty: "There is no strategy.",
  });

const runsText = (standing: StrategyStanding | undefined): string =>
  standing === undefined ? "?" : String(standing.trainings + standing.backtests);

function bestCells(best: Best | null): Line[] {
  if (best === null) return ["-", "-", "-", "", ""];
  const { standing, result, weighed } = best;
  return [
    figure(result.sharpe),
    String(standing.draws ?? 1),
    luckCell(weighed.luck),
    `${result.symbol} ${result.timeframe}, ${datesText(result)}`,
    runLink(standing.middle ?? ""),
  ];
}
