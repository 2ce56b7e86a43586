import { DomainError } from "../errors.ts";
import { isInsistence } from "../insistence.ts";
import type { BacktestResult } from "../kinds/backtest.ts";
import type { MeasuredBlock, MeasurementRequest, MeasurementResult } from "../kinds/measurement.ts";
import { blocksOf, deviationOf, pooled, type Block } from "../luck/blocks.ts";
import { measuredCaveats } from "../measured/caveats.ts";
import type { Engine } from "../result.ts";
import { simpleReturns } from "../statistics.ts";
import { KTRDR_BARS_PER_YEAR } from "./bars-per-year.ts";
import { WARM_UP_BARS, type WindowBars } from "./buy-and-hold.ts";
import { tradedBars } from "./traded-bars.ts";

/**
 * The blocks of a backtest, by its prefixes (docs/ktrdr.md §11.6). They are given only when the longest prefix, which is
 * the whole backtest computed again, has every recorded figure to the last bit.
 * @param prefixes in any order; some may be missing
 * @param bars bars of the whole window, or null when they cannot be had: then holding is missing
 * @throws DomainError `computation_lost` when the whole backtest is missing among the prefixes
 */
export function measured(
  request: MeasurementRequest,
  recorded: BacktestResult,
  prefixes: readonly BacktestResult[],
  bars: WindowBars | null,
  engine: Engine,
): MeasurementResult {
  const sorted = prefixes.toSorted((a, b) => a.endDate.localeCompare(b.endDate));
  const whole = sorted.at(-1);
  if (whole?.endDate !== recorded.endDate) throw unproven(request.measures);
  const { strategy, symbol, timeframe, startDate, endDate, volatility, raw, sharpe, maxDrawdown } = recorded;
  const rawVolatility = raw["volatility"] ?? 0;
  const market = bars === null || recorded.buyAndHold === null ? null : marketOf(recorded, bars);
  const head = {
    kind: "measurement",
    measures: request.measures,
    strategy,
    symbol,
    timeframe,
    startDate,
    endDate,
    begins: market?.begins ?? startDate,
    perYear: rawVolatility > 0 ? KTRDR_BARS_PER_YEAR * (volatility / rawVolatility) ** 2 : KTRDR_BARS_PER_YEAR,
    sharpe,
    maxDrawdown,
    engine,
  } as const;
  const kept = recorded.caveats.filter(isInsistence);
  const differs = differencesOf(recorded, whole);
  if (differs.length > 0) {
    return { ...head, differs, because: causeOf(recorded, whole), exposure: null, blocks: [], caveats: kept };
  }
  const ends = growing(sorted);
  const own = blocksOf(
    ends.map(({ equityPoints, raw: figures }) => {
      return {
        returns: equityPoints - 1,
        sharpe: figures["sharpe_ratio"] ?? 0,
        volatility: figures["volatility"] ?? 0,
      };
    }),
  );
  const closes = market?.closes ?? null;
  const exposure = closes === null ? null : exposureOf(pooled(own), simpleReturns(closes));
  const holding = closes === null ? null : holdingOf(own, simpleReturns(closes), exposure);
  const blocks = own.map((block, at): MeasuredBlock => {
    const { endDate: end = "", totalReturn = 0 } = ends[at] ?? {};
    return { end: end.slice(0, 10), ...block, equity: 1 + totalReturn, holding: holding?.[at] ?? null };
  });
  const result = { ...head, differs, because: null, exposure, blocks };
  return { ...result, caveats: [...kept, ...measuredCaveats(result, request.ends.length)] };
}

const unproven = (jobId: string) =>
  new DomainError("computation_lost", {
    what: `${jobId} was not computed again as a whole, so nothing proves that its model is still the same.`,
    why: "that computation was cancelled or lost",
    next: "repeat measure_equity with force_new_reason: prefixes that were computed stay",
  });

function differencesOf(recorded: BacktestResult, whole: BacktestResult): MeasurementResult["differs"][number][] {
  const before = { ...recorded.raw, equity_points: recorded.equityPoints };
  const after: Readonly<Record<string, number>> = { ...whole.raw, equity_points: whole.equityPoints };
  return Object.entries(before).flatMap(([figure, value]) =>
    after[figure] === value ? [] : [{ figure, recorded: value, measured: after[figure] ?? Number.MAX_VALUE }],
  );
}

/** The bars and KTRDR's version are on record, so what is left is the model. */
function causeOf(recorded: BacktestResult, whole: BacktestResult): string {
  const [before, after] = [recorded.data?.sha256, whole.data?.sha256];
  if (before !== undefined && after !== undefined && before !== after) return "the bars changed since";
  const versions = [recorded, whole].map(({ engine: { name, version } }) => `${name} ${version}`);
  return versions[0] === versions[1] ? "the model folder changed since" : "another version of KTRDR computed it";
}

/** Prefixes that each have more returns than the one before; the whole backtest stays. */
const growing = (sorted: readonly BacktestResult[]): BacktestResult[] =>
  sorted.filter(
    ({ equityPoints }, at) =>
      equityPoints > 1 && equityPoints < (sorted[at + 1]?.equityPoints ?? Number.POSITIVE_INFINITY),
  );

/** The closes on which the equity curve has its points; null when these bars are not those of the curve. */
function marketOf({ timeframe, equityPoints }: BacktestResult, bars: WindowBars) {
  const { times, ohlcv } = tradedBars(bars, timeframe, equityPoints).bars;
  const closes = ohlcv.slice(WARM_UP_BARS, WARM_UP_BARS + equityPoints).map((row) => row[3] ?? Number.NaN);
  const begins = times[WARM_UP_BARS]?.slice(0, 10);
  return begins === undefined || closes.length < equityPoints ? null : { begins, closes };
}

/** How large a part of the money would have to hold the market for the same volatility. */
function exposureOf(run: Block, market: readonly number[]): number | null {
  const exposure = deviationOf(run) / deviationOf(blockOf(market));
  return Number.isFinite(exposure) && exposure > 0 ? exposure : null;
}

const blockOf = (returns: readonly number[]): Block => ({
  count: returns.length,
  sum: returns.reduce((sum, value) => sum + value, 0),
  squares: returns.reduce((sum, value) => sum + value ** 2, 0),
});

/** Holding over the same bars as each block. Cash that holds nothing earns nothing. */
function holdingOf(blocks: readonly Block[], market: readonly number[], exposure: number | null) {
  let [from, level, scaled] = [0, 1, 1];
  return blocks.map(({ count }) => {
    const returns = market.slice(from, from + count);
    from += count;
    for (const value of returns) {
      level *= 1 + value;
      scaled *= 1 + (exposure ?? 0) * value;
    }
    const { sum, squares } = blockOf(returns);
    return { sum, squares, level, scaled: exposure === null ? null : scaled };
  });
}
