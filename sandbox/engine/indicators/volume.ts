import type { Bars } from "../bars.ts";
import { at, build, change, earlyMean, ema, rolling, sma, sum, typicalPrice, zip } from "./series.ts";

/** On-balance volume: running total, up volume added, down volume taken off, 0 at the first bar. */
export function onBalanceVolume(bars: Bars): Float64Array {
  let total = 0;
  return build(bars.length, (i) => {
    if (i > 0) total += Math.sign(at(bars.close, i) - at(bars.close, i - 1)) * at(bars.volume, i);
    return total;
  });
}

/** Money flow index, 0..100. First value at bar `period`. */
export function moneyFlowIndex(bars: Bars, period: number): Float64Array {
  const price = typicalPrice(bars);
  const steps = change(price, 1);
  const flow = (side: number): Float64Array =>
    rolling(
      build(bars.length, (i) =>
        i === 0 ? Number.NaN : Math.sign(at(steps, i)) === side ? at(price, i) * at(bars.volume, i) : 0,
      ),
      period,
      sum,
    );
  return zip(flow(1), flow(-1), (up, down) => (up + down === 0 ? 50 : (100 * up) / (up + down)));
}

/** ((close - low) - (high - close)) / (high - low), -1..1, and the same times volume. */
function moneyFlow(bars: Bars): { multiplier: Float64Array; volume: Float64Array } {
  const multiplier = build(bars.length, (i) => {
    const span = at(bars.high, i) - at(bars.low, i);
    return span === 0 ? 0 : (2 * at(bars.close, i) - at(bars.low, i) - at(bars.high, i)) / span;
  });
  return { multiplier, volume: zip(multiplier, bars.volume, (x, y) => x * y) };
}

/**
 * Accumulation/distribution line. With it: the change over 10 bars in percent of the value before, whose sign counts;
 * the change over 21 bars; the distance in percent from its own mean of 50 bars (20 at the beginning). `smoothing` > 0
 * adds a mean of the line. KTRDR then finds one column too many, and every use of the line fails.
 */
export function accumulationLine(bars: Bars, smoothing: number): Record<string, Float64Array> {
  const flow = moneyFlow(bars);
  let total = 0;
  const line = build(bars.length, (i) => (total += at(flow.volume, i)));
  const usual = earlyMean(line, 50);
  return {
    line,
    mf_multiplier: flow.multiplier,
    mf_volume: flow.volume,
    ...(smoothing > 0 ? { [`line_sma_${smoothing}`]: sma(line, smoothing) } : {}),
    roc_10: build(bars.length, (i) => {
      const before = at(line, i - 10);
      return before === 0 ? Number.NaN : (100 * (at(line, i) - before)) / before;
    }),
    momentum_21: change(line, 21),
    relative_strength: build(bars.length, (i) => (i < 19 ? Number.NaN : (at(line, i) / at(usual, i) - 1) * 100)),
  };
}

/** Chaikin money flow, -1..1, with a 9-bar signal line, their difference, the 5-bar change and the side of zero. */
export function chaikinMoneyFlow(bars: Bars, period: number): Record<string, Float64Array> {
  const flow = moneyFlow(bars);
  const cmf = zip(rolling(flow.volume, period, sum), rolling(bars.volume, period, sum), (x, y) =>
    y === 0 ? 0 : x / y,
  );
  const signal = ema(cmf, 9);
  return {
    cmf,
    mf_multiplier: flow.multiplier,
    mf_volume: flow.volume,
    momentum: change(cmf, 5),
    signal,
    histogram: zip(cmf, signal, (x, y) => x - y),
    above_zero: cmf.map((value) => (value > 0 ? 1 : 0)),
    below_zero: cmf.map((value) => (value < 0 ? 1 : 0)),
  };
}

/** Volume against its own average; 1 before there is one. */
export function volumeRatio(bars: Bars, period: number): Float64Array {
  return zip(bars.volume, sma(bars.volume, period), (x, y) => (y > 1e-10 ? x / y : 1));
}

/** Volume-weighted price over the last `period` bars (fewer at the beginning), over all bars so far with period 0. */
export function volumeWeightedPrice(bars: Bars, period: number, typical: boolean): Float64Array {
  const price = typical ? typicalPrice(bars) : bars.close;
  const traded = zip(price, bars.volume, (x, y) => x * y);
  const total = (series: Float64Array): Float64Array =>
    build(series.length, (i) => sum(series.subarray(period > 0 ? Math.max(0, i - period + 1) : 0, i + 1)));
  return zip(total(traded), total(bars.volume), (x, y) => (y === 0 ? Number.NaN : x / y));
}
