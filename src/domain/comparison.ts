/**
 * Which differences between results are more than chance. There are two kinds of chance, and a difference must exceed
 * both: the training's (each training is one random draw, docs/ktrdr.md §10.1), judged by the ranks of the draws; and
 * the market's (other days might have come), judged by standard errors where a figure has one. The values that choose
 * the best also judge it, so every pair counts as compared: among equal strategies, at most one whole comparison in
 * twenty finds any difference.
 */
import { isBranded } from "./insistence.ts";
import { normalQuantile } from "./luck/normal.ts";
import { leastRankSumProbability, rankSumProbability } from "./rank-sum.ts";
import type { BacktestResult } from "./kinds/backtest.ts";
import type { JobResult } from "./kinds/index.ts";
import { FIGURES, type FigureName } from "./results/figures.ts";
import { sharpeErrorOver, yearsOf } from "./results/sharpe-error.ts";
import { median, standardDeviation } from "./statistics.ts";

export interface ComparedRun {
  readonly jobId: string;
  /** Runs with the same key are draws of one thing: same strategy text, market, dates and costs. */
  readonly key: string;
  readonly result: JobResult;
}

export interface Group {
  /**
   * Market and days, and costs, capital and engine where these differ. Only groups of the same place are ranked: a
   * better market is no better strategy.
   */
  readonly place: string;
  /** In the order given. */
  readonly jobIds: readonly string[];
  readonly values: readonly number[];
  readonly median: number;
  /** One standard error of the median; null when it is not known. */
  readonly error: number | null;
  /** Null for the best group of its place. */
  readonly againstBest: AgainstBest | null;
}

export interface AgainstBest {
  /** By how much the best group is better; never negative. */
  readonly difference: number;
  /** One standard error of the difference; null when it is not known. */
  readonly error: number | null;
  readonly chance: "beyond chance" | "within chance" | "cannot be told";
  /** How many draws each group needs to tell, when it has too few; else null. */
  readonly drawsNeeded: number | null;
}

/**
 * How often a whole comparison of equal strategies may call a difference more than chance, because of the draws or of
 * the market: together once in twenty.
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
      .map(([, members]) => measured(figure, place, members))
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

/** With fewer draws in each of two groups, no difference could reach this level. */
function drawsFor(level: number): number {
  let draws = 2;
  while (leastRankSumProbability(draws, draws) > level) draws += 1;
  return draws;
}

/** The place of each of these results: market and days, and any condition in which they differ. */
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

function measured(figure: FigureName, place: string, members: readonly Member[]): Measured {
  const values = members.map(({ value }) => value);
  const errors = members.map(({ result }) => marketError(figure, result)).filter((error) => error !== null);
  const market = errors.length === 0 ? null : median(errors);
  const drawn = values.length < 2 ? null : standardDeviation(values) / Math.sqrt(values.length);
  return {
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
  // All runs of a place have the same days, so more draws do not make the market's error smaller.
  const market = both(best.market, group.market);
  const luck = normalQuantile(1 - LEVEL.market / pairs / 2) * (market ?? 0);
  if (market !== null && difference <= luck) return { ...said, chance: "within chance" };
  const level = LEVEL.draws / pairs;
  if (leastRankSumProbability(best.values.length, group.values.length) > level) {
    return { ...said, chance: "cannot be told", drawsNeeded: drawsFor(level) };
  }
  const unlucky = best.values.map((value) => value - sign * luck);
  return { ...said, chance: rankSumProbability(unlucky, group.values) <= level ? "beyond chance" : "within chance" };
}

/** The error of a difference of independent figures. Returns of two strategies usually correlate, so theirs is smaller. */
const both = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? null : Math.hypot(a, b);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The figures whose market error can be computed from the result itself. */
export const MARKET_ERROR_KNOWN: ReadonlySet<FigureName> = new Set([
  "sharpe",
  "excess_sharpe",
  "total_return",
  "annual_return",
  "excess_annual_return",
  "win_rate",
]);

/**
 * One standard error because other days might have come; null when it is not known. Buy-and-hold is the same for all
 * runs of a place, so differences do not contain its error.
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

/** The error of a share of trades, with two wins and two losses added so that it is never 0 (Agresti and Coull 1998). */
function shareError({ winRate, trades }: BacktestResult): number {
  const share = ((winRate ?? 0) * trades + 2) / (trades + 4);
  return Math.sqrt((share * (1 - share)) / (trades + 4));
}
