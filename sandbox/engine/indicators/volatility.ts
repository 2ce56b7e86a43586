import type { Bars } from "../bars.ts";
import { averageTrueRange, build, at, ema, highest, lowest, populationDeviation, rolling, sma, zip } from "./series.ts";

/** Average +/- multiplier x deviation (Bollinger). */
export function bollingerBands(source: Float64Array, period: number, multiplier: number): Record<string, Float64Array> {
  const middle = sma(source, period);
  const deviation = rolling(source, period, populationDeviation);
  return {
    upper: zip(middle, deviation, (x, y) => x + multiplier * y),
    middle,
    lower: zip(middle, deviation, (x, y) => x - multiplier * y),
  };
}

/** Width of the Bollinger bands as a ratio of their middle. */
export function bollingerWidth(source: Float64Array, period: number, multiplier: number): Float64Array {
  const deviation = rolling(source, period, populationDeviation);
  return zip(deviation, sma(source, period), (spread, middle) => (2 * multiplier * spread) / middle);
}

/** Highest high and lowest low of the last `period` bars, this one included, and their middle. */
export function donchianChannels(bars: Bars, period: number): Record<string, Float64Array> {
  const upper = rolling(bars.high, period, highest);
  const lower = rolling(bars.low, period, lowest);
  return { upper, middle: zip(upper, lower, (x, y) => (x + y) / 2), lower };
}

/** Exponential average of the close +/- multiplier x average true range. */
export function keltnerChannels(
  bars: Bars,
  period: number,
  rangePeriod: number,
  multiplier: number,
): Record<string, Float64Array> {
  const middle = ema(bars.close, period);
  const range = averageTrueRange(bars, rangePeriod);
  return {
    upper: zip(middle, range, (x, y) => x + multiplier * y),
    middle,
    lower: zip(middle, range, (x, y) => x - multiplier * y),
  };
}

/** How far the Bollinger bands lie inside the Keltner channel: 0 (not at all) to 1 (no width left). */
export function squeezeIntensity(
  bars: Bars,
  source: Float64Array,
  bands: { period: number; multiplier: number },
  channel: { period: number; multiplier: number },
): Record<"value", Float64Array> {
  const inner = bollingerBands(source, bands.period, bands.multiplier);
  const range = averageTrueRange(bars, channel.period);
  const { upper = range, lower = range } = inner;
  const value = build(bars.length, (i) => {
    const width = 2 * channel.multiplier * at(range, i);
    const ratio = (at(upper, i) - at(lower, i)) / width;
    return width === 0 ? 0 : Math.max(0, 1 - ratio);
  });
  return { value };
}
