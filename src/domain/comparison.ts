/**
 * Which differences between results are more than chance. Two kinds of chance are told apart, and a difference must be
 * more than either: the training's (each is one random draw, docs/ktrdr.md §10.1), by the ranks of the draws; and the
 * market's (what else these days might have brought), by standard errors, for the figures that have one. The best is
 * chosen by the same values that it is judged by, so every pair counts as compared: in a whole comparison of equal
 * strategies some difference is called more than chance at most once in twenty times.
 */
import { isBranded } from "./insistence.ts";
import { normalQuantile } from "./normal-quantile.ts";
import { leastRankSumProbability, rankSumProbability } from "./rank-sum.ts";
import type { BacktestResult } from "./kinds/backtest.ts";
import type { JobResult } from "./kinds/index.ts";
import { FIGURES, type FigureName } from "./results/figures.ts";
import { sharpeErrorOver, yearsOf } from "./results/sharpe-error.ts";
import { median, standardDeviation } from "./statistics.ts";

export interface ComparedRun {
  readonly jobId: string;
  /** Runs with the same key are draws of the same: same strategy text, market, dates and costs. */
  readonly key: string;
  readonly result: JobResult;
}

export interface Group {
  readonly key: string;
  /**
   * Market and days, and where they differ costs, capital and engine. Only groups of the same place are ranked: what was
   * better for all says nothing about one.
   */
  readonly place: string;
  /** In the order given. */
  readonly jobIds: readonly string[];
  readonly values: readonly number[];
  readonly median: number;
  /** How far from the truth the median may be, one standard error; null where nothing is known about it. */
  readonly error: number | null;
  /** Null for the best one of its place. */
  readonly againstBest: AgainstBest | null;
}

export interface AgainstBest {
  /** Positive: the best one is better by so much. */
  readonly difference: number;
  /** One standard error of the difference; null where nothing is known about it. */
  readonly error: number | null;
  readonly verdict: "beyond chance" | "within chance" | "cannot be told";
  /** Set when there are too few draws to tell: so many of each would do. */
  readonly drawsNeeded: number | null;
}

/**
 * In a whole comparison of equal strategies, so seldom may the draws, and so seldom the market, make a difference that is
 * called more than chance: together once in twenty.
 */
const LEVEL = { draws: 0.03, market: 0.02 };

/**
 * Groups of runs, the best of each place first, places in the order given. A run without the figure is left out.
 * @throws RangeError when none has it
 */
export function compare(figure: FigureName, runs: readonly ComparedRun[]): readonly Group[] {
  const { better, of } = FIGURES[figure];
  const placeOf = placesOf(runs.map(({ result }) => result));
  const known = runs.flatMap((run) => {
    const value = of(run.result);
    return value === null ? [] : [{ ...run, value, place: placeOf(run.result) }];
  });
  if (known.length === 0) throw new RangeError(`no run has ${figure}`);
  const sign = better === "higher" ? 1 : -1;
  const ranked = [...Map.groupBy(known, ({ place }) => place)].map(([place, there]) =>
    [...Map.groupBy(there, ({ key }) => key)]
      .map(([key, members]) => measured(figure, key, place, members))
      .toSorted((a, b) => sign * (b.median - a.median)),
  );
  const pairs = Math.max(1, sum(ranked.map(({ length }) => (length * (length - 1)) / 2)));
  return ranked.flatMap(([best, ...others]) =>
    best === undefined
      ? []
      : [
          { ...best, againstBest: null },
          ...others.map((group) => ({ ...group, againstBest: against(best, group, sign, pairs) })),
        ],
  );
}

/** How many draws each of two groups needs for a difference to be seen at this level at all. */
function drawsFor(level: number): number {
  let draws = 2;
  while (leastRankSumProbability(draws, draws) > level) draws += 1;
  return draws;
}

/** Where each of these results was won: market and days, and what else they do not have in common. */
export function placesOf(results: readonly JobResult[]): (result: JobResult) => string {
  const differs = CONDITIONS.filter((condition) => new Set(results.map(condition)).size > 1);
  return (result) => [marketOf(result), ...differs.map((condition) => condition(result))].filter(Boolean).join(", ");
}

function marketOf(result: JobResult): string {
  if (result.kind === "batch") return "";
  const days = "startDate" in result ? `, ${result.startDate.slice(0, 10)} to ${result.endDate.slice(0, 10)}` : "";
  return `${result.symbol} ${result.timeframe}${days}`;
}

const CONDITIONS: readonly ((result: JobResult) => string)[] = [
  (result) => (result.kind === "backtest" ? `commission ${result.commission}, slippage ${result.slippage}` : ""),
  (result) => (result.kind === "backtest" ? `capital ${result.initialCapital}` : ""),
  ({ engine: { name, version } }) => (version.startsWith(name) ? version : `${name} ${version}`),
  (result) => (isBranded(result) ? "looking ahead" : ""),
];

interface Measured extends Omit<Group, "againstBest"> {
  /** The market's part of the error. */
  readonly market: number | null;
}

type Member = ComparedRun & { readonly value: number };

function measured(figure: FigureName, key: string, place: string, members: readonly Member[]): Measured {
  const values = members.map(({ value }) => value);
  const errors = members.map(({ result }) => marketError(figure, result)).filter((error) => error !== null);
  const market = errors.length === 0 ? null : median(errors);
  const drawn = values.length < 2 ? null : standardDeviation(values) / Math.sqrt(values.length);
  return {
    key,
    place,
    jobIds: members.map(({ jobId }) => jobId),
    values,
    median: median(values),
    market,
    error: drawn === null ? market : Math.hypot(drawn, market ?? 0),
  };
}

function against(best: Measured, group: Measured, sign: number, pairs: number): AgainstBest {
  const difference = sign * (best.median - group.median);
  const said = { difference, error: both(best.error, group.error), drawsNeeded: null };
  // Runs on the same days share the market's luck: more draws do not make it smaller.
  const market = both(best.market, group.market);
  const luck = normalQuantile(1 - LEVEL.market / pairs / 2) * (market ?? 0);
  if (market !== null && difference <= luck) return { ...said, verdict: "within chance" };
  const level = LEVEL.draws / pairs;
  if (leastRankSumProbability(best.values.length, group.values.length) > level) {
    return { ...said, verdict: "cannot be told", drawsNeeded: drawsFor(level) };
  }
  const unlucky = best.values.map((value) => value - sign * luck);
  return { ...said, verdict: rankSumProbability(unlucky, group.values) <= level ? "beyond chance" : "within chance" };
}

/** Independent errors of a difference. Returns of two strategies go together mostly, which makes theirs smaller. */
const both = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? null : Math.hypot(a, b);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The figures whose error over these days follows from what a result says of itself. */
export const MARKET_ERROR_KNOWN: ReadonlySet<FigureName> = new Set([
  "sharpe",
  "excess_sharpe",
  "total_return",
  "annual_return",
  "excess_annual_return",
  "win_rate",
]);

/**
 * One standard error by the market's luck; null where none is known. Buying and holding is the same for all runs of a
 * place, so in differences it falls out, and with it its error.
 */
function marketError(figure: FigureName, result: JobResult): number | null {
  if (result.kind !== "backtest" || !MARKET_ERROR_KNOWN.has(figure)) return null;
  if (figure === "win_rate") return shareError(result);
  if (figure === "sharpe" || figure === "excess_sharpe") {
    return result.sharpe === null ? null : sharpeErrorOver(result.sharpe, result);
  }
  // The sum of the log returns of Y years scatters by the volatility times the root of Y.
  const years = yearsOf(result);
  if (figure === "total_return") return Math.abs(1 + result.totalReturn) * result.volatility * Math.sqrt(years);
  if (result.annualReturn === null) return null;
  return (Math.abs(1 + result.annualReturn) * result.volatility) / Math.sqrt(years);
}

/** Of a share of so many trades, two of each kind added so that none is 0 (Agresti and Coull 1998). */
function shareError({ winRate, trades }: BacktestResult): number {
  const share = ((winRate ?? 0) * trades + 2) / (trades + 4);
  return Math.sqrt((share * (1 - share)) / (trades + 4));
}
