/** What must be read with a measurement. */
import { percentText } from "../kinds/words.ts";
import type { MeasurementResult } from "../kinds/measurement.ts";
import { pooled, varianceRatio } from "../luck/blocks.ts";
import type { Caveat } from "../result.ts";
import { besideHolding, ENOUGH_BLOCKS } from "./beside-holding.ts";
import { bestBlock } from "./losses.ts";
import { annualSharpe } from "./series.ts";

/** A block that won more than this share of the profit decides the figures. */
const HALF_THE_PROFIT = 0.5;

const WEAKENING: ReadonlySet<string> = new Set(["is_holding", "autocorrelation", "one_block"]);

/** Those that weaken the backtest that was measured: a campaign and the registry tell them beside its figures. */
export const weakening = (caveats: readonly Caveat[]): readonly Caveat[] =>
  caveats.filter(({ code }) => WEAKENING.has(code));

type Blocks = Omit<MeasurementResult, "caveats">;

/** @param asked how many prefixes were asked for */
export function measuredCaveats(blocks: Blocks, asked: number): Caveat[] {
  const result = { ...blocks, caveats: [] };
  const found = [holdingCaveat(result), follows(result), oneBlock(result), coarse(result, asked)];
  return found.filter((one) => one !== null);
}

function holdingCaveat(result: MeasurementResult): Caveat | null {
  const beside = besideHolding(result);
  if (beside === null) return { code: "holding_unknown", text: "Its bars could not be had: holding is not compared." };
  if (!beside.isHolding || beside.sameExposure === null) return null;
  const part = percentText(beside.sameExposure.exposure, 0);
  return {
    code: "is_holding",
    text: `This is holding at ${part}: its blocks go with those of holding (correlation ${(beside.correlation ?? 0).toFixed(2)}), and ${part} of the money in the market varies as much.`,
  };
}

/** Returns that follow each other make the Sharpe ratio of the bars too high (variance ratio of the blocks). */
function follows({ blocks, perYear }: MeasurementResult): Caveat | null {
  const { ratio, error } = varianceRatio(blocks);
  const all = pooled(blocks);
  const sharpe = annualSharpe(all, all, perYear);
  if (blocks.length < ENOUGH_BLOCKS || sharpe === null || !(ratio > 1 + 2 * error)) return null;
  const honest = sharpe / Math.sqrt(ratio);
  return {
    code: "autocorrelation",
    text: `Its returns follow each other (variance ratio ${ratio.toFixed(2)}, error ${error.toFixed(2)}): the Sharpe of ${sharpe.toFixed(2)} is too high, by blocks it is ${honest.toFixed(2)}.`,
  };
}

function oneBlock(result: MeasurementResult): Caveat | null {
  const best = bestBlock(result);
  if (best === null || best.share <= HALF_THE_PROFIT || result.blocks.length < ENOUGH_BLOCKS) return null;
  const days = `One block, ${best.from} to ${best.to},`;
  const text =
    best.share >= 1
      ? `${days} made all of the profit: without it the run lost.`
      : `${days} made ${percentText(best.share, 0)} of the profit: the rest of the time shows little.`;
  return { code: "one_block", text };
}

function coarse({ blocks }: MeasurementResult, asked: number): Caveat | null {
  const missing = asked - blocks.length;
  if (missing <= 0) return null;
  return {
    code: "points_missing",
    text: `${missing} of ${asked} points are missing: they failed, or no bar lies before them.`,
  };
}
