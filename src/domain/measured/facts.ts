/** A measurement as an answer tells it. */
import { chance, compact, rounded, type Detail, type Facts } from "../facts.ts";
import type { MeasuredBlock, MeasurementResult } from "../kinds/measurement.ts";
import { pooled, varianceRatio } from "../luck/blocks.ts";
import { besideHolding } from "./beside-holding.ts";
import { bestBlock, drawdownAtPoints, longestUnderWater, worstBlock } from "./losses.ts";
import { annualSharpe, blockReturns, merged } from "./series.ts";
import { yearsOf, type MeasuredYear } from "./years.ts";

/** Blocks and differences that detail `standard` shows. */
const SHOWN_BLOCKS = 12;
const SHOWN_DIFFERENCES = 5;

/** Nothing is derived while model and record do not agree. */
export function measuredFacts(result: MeasurementResult, detail: Detail): Facts {
  const { differs, because, blocks, sharpe, maxDrawdown, measures, begins } = result;
  if (differs.length > 0) {
    const shown = detail === "full" ? differs : differs.slice(0, SHOWN_DIFFERENCES);
    return { measures, model_and_record_agree: false, because, differs: shown, differing_figures: differs.length };
  }
  const all = pooled(blocks);
  const [worst, best] = [worstBlock(result), bestBlock(result)];
  const brief = compact({
    measures,
    model_and_record_agree: true,
    total_return: rounded((blocks.at(-1)?.equity ?? 1) - 1),
    sharpe: rounded(sharpe),
    worst_block: worst && { from: worst.from, to: worst.to, return: rounded(worst.return) },
    longest_under_water: underWater(result),
    max_drawdown_at_points: rounded(drawdownAtPoints(result)),
    max_drawdown: rounded(maxDrawdown),
    holding: holdingFacts(result),
  });
  if (detail === "brief") return brief;
  const { ratio, error } = varianceRatio(blocks);
  const shown = detail === "full" ? blocks : merged(blocks, SHOWN_BLOCKS);
  return {
    ...brief,
    ...compact({
      best_block: best && { from: best.from, to: best.to, share_of_profit: rounded(best.share) },
      variance_ratio:
        blocks.length < 2 || !Number.isFinite(ratio) ? null : { ratio: rounded(ratio), error: rounded(error) },
    }),
    years: yearsOf(result).map(yearFacts),
    equity_begins: begins,
    blocks: blocksFacts({ ...result, blocks: shown }, all),
    ...compact({ blocks_measured: shown.length < blocks.length ? blocks.length : null }),
  };
}

function underWater(result: MeasurementResult): Facts | string {
  const longest = longestUnderWater(result);
  if (longest === null) return "never, at these points";
  const { days, from, to, recovered } = longest;
  return { days, from, to, recovered };
}

function holdingFacts(result: MeasurementResult): Facts | null {
  const beside = besideHolding(result);
  if (beside === null) return null;
  const { totalReturn, sharpe, correlation, excess, sameExposure } = beside;
  return compact({
    total_return: rounded(totalReturn),
    sharpe: rounded(sharpe),
    correlation: rounded(correlation),
    excess_sharpe: excess && {
      difference: rounded(excess.sharpe),
      standard_error: rounded(excess.error),
      two_sided_p: chance(excess.probability),
    },
    at_same_exposure: sameExposure && {
      exposure: rounded(sameExposure.exposure),
      total_return: rounded(sameExposure.totalReturn),
      max_drawdown_at_points: rounded(sameExposure.drawdownAtPoints),
    },
  });
}

const yearFacts = (year: MeasuredYear): Facts =>
  compact({
    year: year.year,
    part: year.part,
    return: rounded(year.return),
    sharpe: rounded(year.sharpe),
    holding_return: rounded(year.holdingReturn),
    excess_return: year.holdingReturn === null ? null : rounded(year.return - year.holdingReturn),
    excess_sharpe:
      year.sharpe === null || year.holdingSharpe === null ? null : rounded(year.sharpe - year.holdingSharpe),
  });

function blocksFacts(result: MeasurementResult, all: ReturnType<typeof pooled>): Facts[] {
  const returns = blockReturns(result);
  return result.blocks.map((block: MeasuredBlock, at) =>
    compact({
      end: block.end,
      bars: block.count,
      return: rounded(returns[at]?.return ?? null),
      sharpe: rounded(annualSharpe(block, all, result.perYear)),
      equity: rounded(block.equity),
      holding: rounded(block.holding?.level ?? null),
    }),
  );
}
