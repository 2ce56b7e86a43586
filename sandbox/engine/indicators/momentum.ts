import type { Bars } from "../bars.ts";
import {
  at,
  build,
  change,
  earlyMean,
  ema,
  exponential,
  highest,
  lowest,
  mean,
  rolling,
  sma,
  sum,
  typicalPrice,
  wilder,
  zip,
} from "./series.ts";

/** Relative strength index, 0..100, with Wilder's average (Wilder 1978). First value at bar `period`. */
export function rsi(source: Float64Array, period: number): Float64Array {
  const steps = change(source, 1);
  const gains = wilder(
    steps.map((step) => Math.max(step, 0)),
    period,
  );
  const losses = wilder(
    steps.map((step) => Math.max(-step, 0)),
    period,
  );
  return zip(gains, losses, (gain, loss) => {
    if (loss === 0) return gain === 0 ? 50 : 100;
    return 100 - 100 / (1 + gain / loss);
  });
}

/** Moving average convergence/divergence: fast minus slow average, its average, and the difference. */
export function macd(source: Float64Array, fast: number, slow: number, signal: number): Record<string, Float64Array> {
  const line = zip(ema(source, fast), ema(source, slow), (x, y) => x - y);
  const average = ema(line, signal);
  return { line, signal: average, histogram: zip(line, average, (x, y) => x - y) };
}

/** Slow stochastic: %K smoothed over `smooth` bars, %D its average over `dPeriod` bars, both 0..100; 50 before that. */
export function stochastic(bars: Bars, kPeriod: number, dPeriod: number, smooth: number): Record<string, Float64Array> {
  const top = rolling(bars.high, kPeriod, highest);
  const bottom = rolling(bars.low, kPeriod, lowest);
  const raw = build(bars.length, (i) => {
    const span = at(top, i) - at(bottom, i);
    const place = (100 * (at(bars.close, i) - at(bottom, i))) / span;
    return Number.isNaN(place) ? 50 : place;
  });
  const k = earlyMean(raw, smooth);
  return { k, d: earlyMean(k, dPeriod) };
}

/** Williams %R, -100..0; -50 before the first full window. */
export function williamsR(bars: Bars, period: number): Float64Array {
  const top = rolling(bars.high, period, highest);
  const bottom = rolling(bars.low, period, lowest);
  return build(bars.length, (i) => {
    const span = at(top, i) - at(bottom, i);
    const place = (-100 * (at(top, i) - at(bars.close, i))) / span;
    return Number.isNaN(place) ? -50 : place;
  });
}

/** Rate of change in percent. */
export function rateOfChange(source: Float64Array, period: number): Float64Array {
  return build(source.length, (i) => {
    const before = at(source, i - period);
    return before === 0 ? Number.NaN : (100 * (at(source, i) - before)) / before;
  });
}

/** Commodity channel index with Lambert's constant 0.015. */
export function commodityChannel(bars: Bars, period: number): Float64Array {
  return rolling(typicalPrice(bars), period, (window) => {
    const centre = mean(window);
    const deviation = mean(window.map((value) => Math.abs(value - centre)));
    return deviation === 0 ? 0 : ((window.at(-1) ?? Number.NaN) - centre) / (0.015 * deviation);
  });
}

/** Ehlers' symmetric weights 1,2,..,2,1 over `period` bars. */
function symmetric(series: Float64Array, period: number): Float64Array {
  return rolling(series, period, (window) => {
    let weighted = 0;
    let weights = 0;
    for (let i = 0; i < period; i++) {
      const weight = Math.min(i + 1, period - i);
      weighted += weight * at(window, i);
      weights += weight;
    }
    return weighted / weights;
  });
}

/** Relative vigor index: close-open against high-low, each smoothed over four bars and summed over `period`. */
export function relativeVigor(bars: Bars, period: number, signalPeriod: number): Record<string, Float64Array> {
  const body = symmetric(
    zip(bars.close, bars.open, (x, y) => x - y),
    4,
  );
  const span = symmetric(
    zip(bars.high, bars.low, (x, y) => x - y),
    4,
  );
  const rvi = zip(rolling(body, period, sum), rolling(span, period, sum), (x, y) => (y === 0 ? Number.NaN : x / y));
  return { rvi, signal: sma(rvi, signalPeriod) };
}

/**
 * Fisher transform of the median price's place in its range, smoothed over `smoothing` bars; `signal` is the value of
 * the bar before. Unlike Ehlers' (2002) it neither smooths the place nor feeds back.
 */
export function fisherTransform(bars: Bars, period: number, smoothing: number): Record<string, Float64Array> {
  const middle = zip(bars.high, bars.low, (x, y) => (x + y) / 2);
  const top = rolling(bars.high, period, highest);
  const bottom = rolling(bars.low, period, lowest);
  const raw = build(bars.length, (i) => {
    const span = at(top, i) - at(bottom, i);
    const place = span === 0 ? 0 : 2 * ((at(middle, i) - at(bottom, i)) / span) - 1;
    const inside = Math.max(-0.999, Math.min(0.999, place));
    return 0.5 * Math.log((1 + inside) / (1 - inside));
  });
  const fisher = exponential(raw, 2 / (smoothing + 1));
  return { fisher, signal: build(bars.length, (i) => at(fisher, i - 1)) };
}
