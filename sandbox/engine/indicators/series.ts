import type { Bars } from "../bars.ts";

/** The value at `index`, NaN outside. */
export function at(series: Float64Array, index: number): number {
  return series[index] ?? Number.NaN;
}

/** A new series of `length` values computed one by one. */
export function build(length: number, value: (index: number) => number): Float64Array {
  const out = new Float64Array(length);
  for (let i = 0; i < length; i++) out[i] = value(i);
  return out;
}

/** Values of two series combined bar by bar. */
export function zip(a: Float64Array, b: Float64Array, combine: (x: number, y: number) => number): Float64Array {
  return build(a.length, (i) => combine(at(a, i), at(b, i)));
}

/** `index -> fold(values of the last period bars)`; NaN until the window is full. */
export function rolling(series: Float64Array, period: number, fold: (window: Float64Array) => number): Float64Array {
  return build(series.length, (i) => (i < period - 1 ? Number.NaN : fold(series.subarray(i - period + 1, i + 1))));
}

/** Sum of a window. */
export function sum(window: Float64Array): number {
  let total = 0;
  for (const value of window) total += value;
  return total;
}

/** Arithmetic mean of a window. */
export function mean(window: Float64Array): number {
  return sum(window) / window.length;
}

/** Standard deviation of a sample (n - 1). pandas takes this for the bands, unlike Bollinger. */
export function sampleDeviation(window: Float64Array): number {
  const centre = mean(window);
  let squares = 0;
  for (const value of window) squares += (value - centre) ** 2;
  return Math.sqrt(squares / (window.length - 1));
}

/** Largest value of a window; NaN when any value is NaN. */
export function highest(window: Float64Array): number {
  return Math.max(...window);
}

/** Smallest value of a window; NaN when any value is NaN. */
export function lowest(window: Float64Array): number {
  return Math.min(...window);
}

/** Mean of the last `period` values, of fewer at the beginning. */
export function earlyMean(series: Float64Array, period: number): Float64Array {
  return build(series.length, (i) => mean(series.subarray(Math.max(0, i - period + 1), i + 1)));
}

/** Simple moving average. */
export function sma(series: Float64Array, period: number): Float64Array {
  return rolling(series, period, mean);
}

/**
 * Exponential average from the first finite value on. Unadjusted: y = a x + (1 - a) y, started with the first value.
 * Adjusted: the weighted mean of all values so far with weights (1 - a)^age.
 */
export function exponential(series: Float64Array, alpha: number, adjusted = false): Float64Array {
  let weighted = 0;
  let weights = 0;
  return build(series.length, (i) => {
    const value = at(series, i);
    if (Number.isNaN(value)) return weights > 0 ? weighted / weights : Number.NaN;
    if (adjusted) {
      weighted = weighted * (1 - alpha) + value;
      weights = weights * (1 - alpha) + 1;
    } else {
      weighted = weights > 0 ? weighted * (1 - alpha) + alpha * value : value;
      weights = 1;
    }
    return weighted / weights;
  });
}

/** Unadjusted exponential average with the span's a = 2 / (period + 1). */
export function ema(series: Float64Array, period: number): Float64Array {
  return exponential(series, 2 / (period + 1));
}

/** Wilder's average: the simple mean of the first `period` finite values, then y = (y (n - 1) + x) / n. */
export function wilder(series: Float64Array, period: number): Float64Array {
  let seen = 0;
  let average = 0;
  return build(series.length, (i) => {
    const value = at(series, i);
    if (Number.isNaN(value)) return Number.NaN;
    seen++;
    if (seen <= period) average += value / period;
    else average = (average * (period - 1) + value) / period;
    return seen < period ? Number.NaN : average;
  });
}

/** Difference to the value `period` bars before; NaN for the first bars. */
export function change(series: Float64Array, period: number): Float64Array {
  return build(series.length, (i) => at(series, i) - at(series, i - period));
}

/** Wilder's true range; the first bar has only its own high and low. */
export function trueRange(bars: Bars): Float64Array {
  return build(bars.length, (i) => {
    const high = at(bars.high, i);
    const low = at(bars.low, i);
    if (i === 0) return high - low;
    const before = at(bars.close, i - 1);
    return Math.max(high - low, Math.abs(high - before), Math.abs(low - before));
  });
}

/** Average true range: the plain mean of the last `period` ranges, not Wilder's average. */
export function averageTrueRange(bars: Bars, period: number): Float64Array {
  return sma(trueRange(bars), period);
}

/** (high + low + close) / 3. */
export function typicalPrice(bars: Bars): Float64Array {
  return build(bars.length, (i) => (at(bars.high, i) + at(bars.low, i) + at(bars.close, i)) / 3);
}
