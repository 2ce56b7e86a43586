import type { Bars } from "../bars.ts";
import { findPivots } from "../zigzag.ts";
import { at, build, exponential, highest, lowest, rolling, sma, trueRange, zip } from "./series.ts";

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
  const average = kind === "EMA" ? exponential(source, 2 / (period + 1), true) : sma(source, period);
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

/** Aroon: how recent the highest high and the lowest low of the last `period` bars are, 100 / period .. 100. */
export function aroon(bars: Bars, period: number): Record<string, Float64Array> {
  const recency = (series: Float64Array, isBetter: (x: number, y: number) => boolean): Float64Array =>
    rolling(series, period, (window) => {
      let best = 0;
      for (let i = 1; i < period; i++) if (isBetter(at(window, i), at(window, best))) best = i;
      return (100 * (best + 1)) / period;
    });
  const up = recency(bars.high, (x, y) => x > y);
  const down = recency(bars.low, (x, y) => x < y);
  return { up, down, oscillator: zip(up, down, (x, y) => x - y) };
}

/** Ichimoku lines as at KTRDR: nothing is displaced, and `chikou` is the close of the bar itself. */
export function ichimoku(
  bars: Bars,
  periods: { tenkan: number; kijun: number; senkouB: number },
): Record<string, Float64Array> {
  const middle = (period: number): Float64Array =>
    zip(rolling(bars.high, period, highest), rolling(bars.low, period, lowest), (x, y) => (x + y) / 2);
  const tenkan = middle(periods.tenkan);
  const kijun = middle(periods.kijun);
  return {
    tenkan,
    kijun,
    senkou_a: zip(tenkan, kijun, (x, y) => (x + y) / 2),
    senkou_b: middle(periods.senkouB),
    chikou: bars.close.slice(),
  };
}

/** Stop and reverse. The first value is at bar 1. A stop that turns is not limited by the last bars' range. */
export function parabolicSar(bars: Bars, initial: number, step: number, limit: number): Float64Array {
  const out = new Float64Array(bars.length).fill(Number.NaN);
  let rising = at(bars.close, 1) > at(bars.close, 0);
  let extreme = rising ? at(bars.high, 1) : at(bars.low, 1);
  let stop = rising ? at(bars.low, 0) : at(bars.high, 0);
  let speed = initial;
  if (bars.length > 1) out[1] = stop;
  for (let i = 2; i < bars.length; i++) {
    const [high, low] = [at(bars.high, i), at(bars.low, i)];
    stop += speed * (extreme - stop);
    if (rising ? low <= stop : high >= stop) {
      rising = !rising;
      stop = extreme;
      extreme = rising ? high : low;
      speed = initial;
    } else {
      const before = rising ? bars.low : bars.high;
      stop = (rising ? Math.min : Math.max)(stop, at(before, i - 1), at(before, i - 2));
      if (rising ? high > extreme : low < extreme) {
        extreme = rising ? high : low;
        speed = Math.min(limit, speed + step);
      }
    }
    out[i] = stop;
  }
  return out;
}

/**
 * Supertrend as KTRDR computes it. The band of a bar is compared with the band before, which does not exist at the
 * first bars. So no band ever comes to exist: `trend` is never a number and `direction` is always 1.
 */
export function supertrend(bars: Bars): Record<string, Float64Array> {
  return { trend: bars.close.map(() => Number.NaN), direction: bars.close.map(() => 1) };
}

/** Price at each turning point of at least `threshold` (ratio), NaN between them. A turn is only known later. */
export function zigzag(source: Float64Array, threshold: number): Float64Array {
  const out = new Float64Array(source.length).fill(Number.NaN);
  for (const pivot of findPivots(source, threshold)) out[pivot] = at(source, pivot);
  return out;
}
