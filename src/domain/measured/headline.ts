import { percentText } from "../kinds/words.ts";
import type { MeasurementResult } from "../kinds/measurement.ts";
import { besideHolding } from "./beside-holding.ts";
import { longestUnderWater, worstBlock } from "./losses.ts";

/** What a measurement found, first of all whether the model is still the one on record. */
export function measuredHeadline(result: MeasurementResult): string {
  const { differs, because, blocks } = result;
  if (differs.length > 0) {
    return `NOT MEASURED, ${because}: computed again, ${differs.length} figures of the backtest are not those on record`;
  }
  const worst = worstBlock(result);
  const water = longestUnderWater(result);
  const beside = besideHolding(result);
  const parts = [
    `model and record agree; ${blocks.length} points`,
    worst === null ? null : `worst block ${percentText(worst.return)}`,
    water === null ? "at none of them under water" : `under water ${water.days} days at most`,
    beside?.isHolding === true
      ? `this is holding at ${percentText(beside.sameExposure?.exposure ?? null, 0)}`
      : beside?.correlation == null
        ? null
        : `correlation with holding ${beside.correlation.toFixed(2)}`,
  ];
  return parts.filter((text) => text !== null).join(", ");
}
