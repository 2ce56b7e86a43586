/** A measured run beside holding on the same bars. */
import type { MeasurementResult } from "../kinds/measurement.ts";
import { blockCorrelation, pooled } from "../luck/blocks.ts";
import { sharpeDifference } from "../luck/sharpe-difference.ts";
import { maxDrawdown } from "../statistics.ts";
import { annualSharpe, equityPoints, holdingOf } from "./series.ts";

/** Curves whose blocks are correlated more than this are one idea. */
export const SAME_IDEA = 0.95;
/** Fewer blocks are often correlated by chance. */
export const ENOUGH_BLOCKS = 6;

/** Ratios are ratios, Sharpe ratios are annual. */
export interface BesideHolding {
  /** Fully invested. */
  readonly totalReturn: number;
  readonly sharpe: number | null;
  /** Of the sums of the blocks; null of fewer than six blocks, or when one does not vary. */
  readonly correlation: number | null;
  /** Sharpe ratio of the run minus that of holding, with its error and two-sided probability; null without correlation. */
  readonly excess: { readonly sharpe: number; readonly error: number; readonly probability: number } | null;
  /** Holding with so large a part of the money that it varies as much as the run. The rest earns nothing. */
  readonly sameExposure: {
    readonly exposure: number;
    readonly totalReturn: number;
    readonly drawdownAtPoints: number;
  } | null;
  /** True when the run is nothing else than holding with that part of the money. */
  readonly isHolding: boolean;
}

/** Null when holding is not known. The excess by Jobson and Korkie (1981) with Memmel's correction (2003). */
export function besideHolding(result: MeasurementResult): BesideHolding | null {
  const { blocks, perYear, exposure } = result;
  const held = holdingOf(blocks);
  const last = blocks.at(-1)?.holding ?? null;
  if (held === null || last === null) return null;
  const own = pooled(blocks);
  const [mine, its] = [annualSharpe(own, own, perYear), annualSharpe(held, held, perYear)];
  const correlation = correlationOf(
    blocks.map(({ sum }) => sum),
    blocks.map(({ holding }) => holding?.sum ?? 0),
  );
  const scaled = equityPoints(result).flatMap((point) => point.scaled ?? []);
  return {
    totalReturn: last.level - 1,
    sharpe: its,
    correlation,
    excess: mine === null || its === null ? null : excessOf(mine, its, correlation, own.count, perYear),
    sameExposure:
      exposure === null || last.scaled === null
        ? null
        : { exposure, totalReturn: last.scaled - 1, drawdownAtPoints: maxDrawdown(scaled) },
    isHolding: exposure !== null && (correlation ?? 0) > SAME_IDEA,
  };
}

/** Correlation of two runs by their sums of the same blocks; null of too few blocks, or when one does not vary. */
export function correlationOf(first: readonly number[], second: readonly number[]): number | null {
  const correlation = blockCorrelation(first, second);
  return first.length < ENOUGH_BLOCKS || !Number.isFinite(correlation) ? null : correlation;
}

/** Two annual Sharpe ratios on the same bars. */
export function excessOf(first: number, second: number, correlation: number | null, bars: number, perYear: number) {
  if (correlation === null) return null;
  const root = Math.sqrt(perYear);
  const { error, probability } = sharpeDifference(first / root, second / root, correlation, bars);
  // The same curve twice differs in nothing.
  return { sharpe: first - second, error: error * root, probability: Number.isNaN(probability) ? 1 : probability };
}
