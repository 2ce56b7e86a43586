/** What a text of a strategy did: the jobs that ran it, and its backtests by what was asked, draws together. */
import { luckInShort } from "../domain/luck/run-luck.ts";
import { datesText, percentText } from "../domain/kinds/words.ts";
import type { RunLuck } from "../domain/luck/run-luck.ts";
import { weighRuns, type WeighedRun } from "../research/jobs/luck-of.ts";
import type { Deps } from "../research/ports.ts";
import type { DrawsOfText, JobsOfText } from "../store/strategy-runs.ts";
import { runLink } from "./places.ts";
import { facts, paragraph, separated, table, type Block, type Line, type Tone } from "./view.ts";
import { figure, luckCell, toneOf } from "./words.ts";

/** All that a strategy did. */
export interface Ran {
  readonly jobs: readonly JobsOfText[];
  readonly draws: readonly DrawsOfText[];
  /** The draws in the middle, weighed among all that was tried on their own symbols. */
  readonly weighed: ReadonlyMap<string, WeighedRun>;
}

/** @throws DomainError `database_unavailable` */
export async function ranOf(deps: Deps, strategy: string): Promise<Ran> {
  const { strategyRuns } = deps.records;
  const [jobs, draws] = await Promise.all([strategyRuns.jobs(strategy), strategyRuns.draws(strategy)]);
  const middles = draws.map(({ middle }) => middle);
  const symbols = draws.map(({ symbol }) => symbol);
  return { jobs, draws, weighed: await weighRuns(deps, middles, symbols, "own symbol") };
}

/** The part of it that ran one text. @param text its SHA-256; null for jobs whose text is not on record */
export const ranText = ({ jobs, draws, weighed }: Ran, text: string | null): Ran => ({
  jobs: jobs.filter((one) => one.text === text),
  draws: draws.filter((one) => one.text === text),
  weighed,
});

/** The texts that ran, the newest first. */
export const textsOf = ({ jobs }: Ran): readonly (string | null)[] => [...new Set(jobs.map(({ text }) => text))];

export interface BestDraws {
  readonly draws: DrawsOfText;
  readonly luck: RunLuck;
}

/** The draws that luck explains least; null when luck can be told of none. */
export function bestOf({ draws, weighed }: Ran): BestDraws | null {
  const told = draws.flatMap((one) => {
    const luck = weighed.get(one.middle)?.luck;
    return luck === undefined || luck.probability === null || one.inSample !== false ? [] : [{ draws: one, luck }];
  });
  return told.toSorted((a, b) => (a.luck.probability ?? 1) - (b.luck.probability ?? 1))[0] ?? null;
}

export function bestText({ draws, luck }: BestDraws): string {
  const { symbol, timeframe, draws: number, sharpe } = draws;
  const which = number === 1 ? "of the only draw" : `in the middle of ${number} draws`;
  return `on ${symbol} ${timeframe}, ${datesText(draws)}: Sharpe ${figure(sharpe)} ${which}; luck alone looks as good in ${luckCell(luck)} of such searches`;
}

const MOST_GROUPS = 12;

export function ranBlocks({ jobs, draws, weighed }: Ran): Block[] {
  if (jobs.length === 0) return [paragraph("No job ran this text.")];
  return [
    facts({
      trainings: standingsOf(jobs, "training"),
      backtests: standingsOf(jobs, "backtest"),
      "walk-forwards": standingsOf(jobs, "walk_forward"),
      campaigns: standingsOf(jobs, "campaign"),
    }),
    ...(draws.length === 0 ? [] : [drawsTable(draws, weighed)]),
    ...(draws.length > MOST_GROUPS
      ? [paragraph(`${draws.length - MOST_GROUPS} more, which are older, are not shown.`)]
      : []),
  ];
}

/** How many jobs of a kind stand how, with the newest of them. */
function standingsOf(jobs: readonly JobsOfText[], kind: JobsOfText["kind"]): Line | null {
  const own = jobs.filter((one) => one.kind === kind);
  if (own.length === 0) return null;
  return own.flatMap(({ status, jobs: number, newest }, at) => [
    `${at === 0 ? "" : "; "}${number} ${status} (`,
    ...separated(newest.map((jobId) => runLink(jobId))),
    number > newest.length ? ", ...)" : ")",
  ]);
}

const drawsTable = (draws: readonly DrawsOfText[], weighed: Ran["weighed"]): Block =>
  table({
    caption: "Its backtests by what was asked, the newest first, draws together",
    columns: [
      { title: "market" },
      { title: "days" },
      { title: "draws", figures: true },
      { title: "Sharpe in the middle", figures: true },
      { title: "lowest to highest", figures: true },
      { title: "luck of the middle", figures: true },
      { title: "cost of a fill", figures: true },
      { title: "trained on" },
      { title: "runs" },
    ],
    rows: draws.slice(0, MOST_GROUPS).map((one) => {
      const luck = one.inSample === false ? (weighed.get(one.middle)?.luck ?? null) : null;
      return { cells: cellsOf(one, luck), ...rowTone(luck) };
    }),
    empty: "There are none.",
  });

function rowTone(luck: RunLuck | null): { tone?: Tone } {
  if (luck === null || luck.probability === null) return { tone: "doubt" };
  return toneOf(luck) === "good" ? { tone: "good" } : {};
}

/** Without luck the days are not known to be new to the model, and no figure of them is shown. */
function cellsOf(one: DrawsOfText, luck: RunLuck | null): Line[] {
  const { symbol, timeframe, draws, sharpe, least, most, commission, slippage, trainedFrom, trainedTo } = one;
  const trained =
    trainedFrom === null || trainedTo === null
      ? "not known"
      : datesText({ startDate: trainedFrom, endDate: trainedTo });
  return [
    `${symbol} ${timeframe}`,
    datesText(one),
    String(draws),
    ...(luck === null
      ? ["-", "-", one.inSample === true ? "in-sample, proves nothing" : "cannot be told: it may be in-sample"]
      : [figure(sharpe), draws === 1 ? "-" : `${figure(least)} to ${figure(most)}`, luckInShort(luck)]),
    percentText(commission + slippage, 2),
    trained,
    linksOf(one, luck !== null),
  ];
}

/** Each draw by its own Sharpe ratio, where that may be shown. */
function linksOf({ jobIds, sharpes, draws }: DrawsOfText, shown: boolean): Line {
  const links = jobIds.map((jobId, at) => runLink(jobId, shown ? figure(sharpes[at] ?? null) : String(at + 1)));
  return separated(draws > links.length ? [...links, `${draws - links.length} more`] : links);
}
