/**
 * Which differences between results are more than chance. Two kinds of chance are told apart: the market's (how much a
 * Sharpe ratio over these days says, Lo 2002) and the training's (each is one random draw, contract §10.1).
 */
import { normalQuantile } from "./normal-quantile.ts";
import type { JobResult } from "./result.ts";
import { FIGURES, type FigureName } from "./results/figures.ts";
import { sharpeErrorOver } from "./results/sharpe-error.ts";
import { median, standardDeviation } from "./statistics.ts";

export interface ComparedRun {
  readonly jobId: string;
  /** Runs with the same key are draws of the same: same strategy text, market, dates and costs. */
  readonly key: string;
  readonly result: JobResult;
}

export interface Group {
  readonly key: string;
  /** In the order given. */
  readonly jobIds: readonly string[];
  readonly values: readonly number[];
  readonly median: number;
  /** How far from the truth the median may be, one standard error; null where nothing is known about it. */
  readonly error: number | null;
  /** Null for the best one. */
  readonly againstBest: AgainstBest | null;
}

export interface AgainstBest {
  /** Positive: the best one is better by so much. */
  readonly difference: number;
  /** One standard error of the difference; null where nothing is known about it. */
  readonly error: number | null;
  readonly verdict: "beyond chance" | "within chance" | "cannot be told";
}

/** Differences as seldom as this by chance alone, in the whole comparison, are called more than chance. */
const LEVEL = 0.05;

/**
 * Groups of runs, the best first. A run without the figure is left out.
 * @throws RangeError when none has it
 */
export function compare(figure: FigureName, runs: readonly ComparedRun[]): readonly Group[] {
  const { better, of } = FIGURES[figure];
  const known = runs.flatMap((run) => {
    const value = of(run.result);
    return value === null ? [] : [{ ...run, value }];
  });
  const groups = [...Map.groupBy(known, ({ key }) => key)].map(([key, members]) => {
    const values = members.map(({ value }) => value);
    const error = errorOf(figure, values, members[0]?.result);
    return { key, jobIds: members.map(({ jobId }) => jobId), values, median: median(values), error };
  });
  const sign = better === "higher" ? 1 : -1;
  const [best, ...others] = groups.toSorted((a, b) => sign * (b.median - a.median));
  if (best === undefined) throw new RangeError(`no run has ${figure}`);
  return [
    { ...best, againstBest: null },
    ...others.map((group) => ({ ...group, againstBest: against(best, group, sign, others.length) })),
  ];
}

type Measured = Omit<Group, "againstBest">;

function against(best: Measured, group: Measured, sign: number, comparisons: number): AgainstBest {
  const difference = sign * (best.median - group.median);
  if (best.error === null || group.error === null) return { difference, error: null, verdict: "cannot be told" };
  const error = Math.hypot(best.error, group.error);
  // Bonferroni: the more are compared, the more some differ by chance.
  const critical = normalQuantile(1 - LEVEL / 2 / comparisons);
  if (difference <= critical * error) return { difference, error, verdict: "within chance" };
  const drawnOnce = best.values.length < 2 || group.values.length < 2;
  return { difference, error, verdict: drawnOnce ? "cannot be told" : "beyond chance" };
}

function errorOf(figure: FigureName, values: readonly number[], result: JobResult | undefined): number | null {
  const draws = values.length < 2 ? null : standardDeviation(values) / Math.sqrt(values.length);
  const market = marketError(figure, median(values), result);
  if (draws === null) return market;
  return market === null ? draws : Math.hypot(draws, market);
}

/** Known for Sharpe ratios only. */
function marketError(figure: FigureName, value: number, result: JobResult | undefined): number | null {
  if (result?.kind !== "backtest") return null;
  if (figure === "sharpe") return sharpeErrorOver(value, result);
  if (figure !== "excess_sharpe" || result.buyAndHold === null) return null;
  return Math.hypot(sharpeErrorOver(result.sharpe, result), sharpeErrorOver(result.buyAndHold.sharpe, result));
}
