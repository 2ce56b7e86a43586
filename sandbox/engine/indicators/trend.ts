import type { Bars } from "../bars.ts";
import { findPivots } from "../zigzag.ts";
import {
  at,
  averageTrueRange,
  build,
  ema,
  exponential,
  highest,
  lowest,
  rolling,
  sma,
  trueRange,
  zip,
} from "./series.ts";

/** Linearly weighted average, the newest value counting `period` times. */
export function weightedAverage(source: Float64Array, period: number): Float64Array {
  return rolling(source, period, (window) => {
    let total = 0;
    for (let i = 0; i < period; i++) total += (i + 1) * at(window, i);
    return total / ((period * (period + 1)) / 2);
  });
}

/** Distance from a moving average in percent of it. */
export function distanceFromAverage(source: Float64Array, period: number, kind: string): Float64Array {
  const average = kind === "EMA" ? ema(source, period) : sma(source, period);
  return zip(source, average, (price, base) => (100 * (price - base)) / base);
}

/** Directional movement (Wilder 1978), smoothed with a = 1 / period from the first bar on. All outputs 0..100. */
export function directionalMovement(bars: Bars, period: number): Record<string, Float64Array> {
  const alpha = 1 / period;
  const moves = (own: (i: number) => number, other: (i: number) => number): Float64Array =>
    build(bars.length, (i) => (i > 0 && own(i) > other(i) && own(i) > 0 ? own(i) : 0));
  const up = (i: number): number => at(bars.high, i) - at(bars.high, i - 1);
  const down = (i: number): number => at(bars.low, i - 1) - at(bars.low, i);
  const range = exponential(trueRange(bars), alpha);
  const share = (move: number, total: number): number => (total === 0 ? 0 : (100 * move) / total);
  const plus = zip(exponential(moves(up, down), alpha), range, share);
  const minus = zip(exponential(moves(down, up), alpha), range, share);
  const strength = zip(plus, minus, (p, m) => (p + m === 0 ? 0 : (100 * Math.abs(p - m)) / (p + m)));
  return { adx: exponential(strength, alpha), plus_di: plus, minus_di: minus };
}

/** Aroon: how recent the highest high and the lowest low of the last period + 1 bars are, 0..100. */
export function aroon(bars: Bars, period: number): Record<string, Float64Array> {
  const recency = (series: Float64Array, better: (x: number, y: number) => boolean): Float64Array =>
    rolling(series, period + 1, (window) => {
      let best = 0;
      for (let i = 1; i <= period; i++) if (!better(at(window, best), at(window, i))) best = i;
      return (100 * best) / period;
    });
  const up = recency(bars.high, (x, y) => x > y);
  const down = recency(bars.low, (x, y) => x < y);
  return { up, down, oscillator: zip(up, down, (x, y) => x - y) };
}

/**
 * Ichimoku lines. `senkou_*` stand `displacement` bars later than computed; `chikou` is the close of `displacement`
 * bars ahead, so its last values are NaN and it must not be used to predict.
 */
export function ichimoku(
  bars: Bars,
  periods: { tenkan: number; kijun: number; senkouB: number; displacement: number },
): Record<string, Float64Array> {
  const middle = (period: number): Float64Array =>
    zip(rolling(bars.high, period, highest), rolling(bars.low, period, lowest), (x, y) => (x + y) / 2);
  const later = (series: Float64Array, by: number): Float64Array => build(series.length, (i) => at(series, i - by));
  const tenkan = middle(periods.tenkan);
  const kijun = middle(periods.kijun);
  return {
    tenkan,
    kijun,
    senkou_a: later(
      zip(tenkan, kijun, (x, y) => (x + y) / 2),
      periods.displacement,
    ),
    senkou_b: later(middle(periods.senkouB), periods.displacement),
    chikou: later(bars.close, -periods.displacement),
  };
}

/** Wilder's stop and reverse; the first value is at bar 1, the first direction that of bars 0 to 1. */
export function parabolicSar(bars: Bars, initial: number, step: number, limit: number): Float64Array {
  const out = new Float64Array(bars.length).fill(Number.NaN);
  if (bars.length < 2) return out;
  let rising = at(bars.close, 1) >= at(bars.close, 0);
  let stop = rising ? at(bars.low, 0) : at(bars.high, 0);
  let extreme = rising ? at(bars.high, 0) : at(bars.low, 0);
  let speed = initial;
  for (let i = 1; i < bars.length; i++) {
    stop += speed * (extreme - stop);
    // The stop may not enter the range of the last two bars.
    const guard = rising
      ? Math.min(at(bars.low, i - 1), at(bars.low, Math.max(0, i - 2)))
      : Math.max(at(bars.high, i - 1), at(bars.high, Math.max(0, i - 2)));
    stop = rising ? Math.min(stop, guard) : Math.max(stop, guard);
    const high = at(bars.high, i);
    const low = at(bars.low, i);
    if (rising ? low < stop : high > stop) {
      rising = !rising;
      stop = extreme;
      extreme = rising ? high : low;
      speed = initial;
    } else if (rising ? high > extreme : low < extreme) {
      extreme = rising ? high : low;
      speed = Math.min(limit, speed + step);
    }
    out[i] = stop;
  }
  return out;
}

/** Supertrend: the trailing band (`trend`) and its side (`direction`, 1 below the price, -1 above). */
export function supertrend(bars: Bars, period: number, multiplier: number): Record<string, Float64Array> {
  const range = averageTrueRange(bars, period);
  const trend = new Float64Array(bars.length).fill(Number.NaN);
  const direction = new Float64Array(bars.length).fill(Number.NaN);
  let upper = Infinity;
  let lower = -Infinity;
  let side = 1;
  for (let i = period - 1; i < bars.length; i++) {
    const middle = (at(bars.high, i) + at(bars.low, i)) / 2;
    const reach = multiplier * at(range, i);
    const before = at(bars.close, Math.max(0, i - 1));
    const close = at(bars.close, i);
    const oldUpper = upper;
    const oldLower = lower;
    upper = middle + reach < oldUpper || before > oldUpper ? middle + reach : oldUpper;
    lower = middle - reach > oldLower || before < oldLower ? middle - reach : oldLower;
    if (close > oldUpper) side = 1;
    else if (close < oldLower) side = -1;
    trend[i] = side > 0 ? lower : upper;
    direction[i] = side;
  }
  return { trend, direction };
}

/** Price at each turning point of at least `threshold` (ratio), NaN between them. A turn is only known later. */
export function zigzag(source: Float64Array, threshold: number): Float64Array {
  const out = new Float64Array(source.length).fill(Number.NaN);
  for (const pivot of findPivots(source, threshold)) out[pivot.index] = at(source, pivot.index);
  return out;
}
