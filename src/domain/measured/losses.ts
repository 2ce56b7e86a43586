/** What a measured run lost, as far as its points show it. Between two points it may have lost more. */
import type { MeasurementResult } from "../kinds/measurement.ts";
import { maxDrawdown } from "../statistics.ts";
import { blockReturns, equityPoints, type BlockReturn, type EquityPoint } from "./series.ts";

const DAY_MS = 86_400_000;

/** A time below an earlier peak. */
export interface UnderWater {
  /** Days from the peak to the recovery, or to the end. */
  readonly days: number;
  readonly from: string;
  readonly to: string;
  readonly recovered: boolean;
}

/** The longest time below an earlier peak; null when every point is a new peak. */
export function longestUnderWater(result: MeasurementResult): UnderWater | null {
  const points = equityPoints(result);
  let longest: UnderWater | null = null;
  let [peak] = points;
  let fell = false;
  for (const point of points) {
    if (peak === undefined) return null;
    const recovered = point.equity >= peak.equity;
    const days = daysBetween(peak, point);
    if ((fell || !recovered) && days > (longest?.days ?? 0)) {
      longest = { days, from: peak.day, to: point.day, recovered };
    }
    fell = !recovered;
    if (recovered) peak = point;
  }
  return longest;
}

const daysBetween = (from: EquityPoint, to: EquityPoint): number =>
  Math.round((Date.parse(to.day) - Date.parse(from.day)) / DAY_MS);

/** The deepest fall from an earlier point, as a positive ratio. */
export const drawdownAtPoints = (result: MeasurementResult): number =>
  maxDrawdown(equityPoints(result).map(({ equity }) => equity));

export function worstBlock(result: MeasurementResult): BlockReturn | null {
  return blockReturns(result).reduce<BlockReturn | null>(
    (worst, block) => (worst === null || block.return < worst.return ? block : worst),
    null,
  );
}

/** The block that won most, and its share of all profit; null without a profit. */
export function bestBlock(result: MeasurementResult): (BlockReturn & { readonly share: number }) | null {
  const profit = (result.blocks.at(-1)?.equity ?? 1) - 1;
  if (profit <= 0) return null;
  const best = blockReturns(result).reduce<BlockReturn | null>(
    (most, block) => (most === null || block.gain > most.gain ? block : most),
    null,
  );
  return best === null ? null : { ...best, share: best.gain / profit };
}
