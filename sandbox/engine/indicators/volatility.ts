import type { Bars } from "../bars.ts";
import { averageTrueRange, build, at, ema, highest, lowest, sampleDeviation, rolling, sma, zip } from "./series.ts";

/** Average +/- multiplier x deviation (Bollinger). */
export function bollingerBands(source: Float64Array, period: number, multiplier: number): Record<string, Float64Array> {
  const middle = sma(source, period);
  const deviation = rolling(source, period, sampleDeviation);
  return {
    upper: zip(middle, deviation, (x, y) => x + multiplier * y),
    middle,
    lower: zip(middle, deviation, (x, y) => x - multiplier * y),
  };
}

/** Width of the Bollinger bands as a ratio of their middle; 0 before there are any. */
export function bollingerWidth(source: Float64Array, period: number, multiplier: number): Float64Array {
  const deviation = rolling(source, period, sampleDeviation);
  return zip(deviation, sma(source, period), (spread, middle) =>
    Math.abs(middle) > 1e-10 ? (2 * multiplier * spread) / middle : 0,
  );
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

/** The range period of KTRDR's channel, whatever `kc_period` says. That one is for the middle line only. */
const CHANNEL_RANGE = 10;

/** How far the Bollinger bands lie inside the Keltner channel on their nearer side, 0 (not at all) to 0.5. */
export function squeezeIntensity(
  bars: Bars,
  source: Float64Array,
  bands: { period: number; multiplier: number },
  channel: { period: number; multiplier: number },
): Record<"value", Float64Array> {
  const { upper: top, lower: bottom } = bollingerBands(source, bands.period, bands.multiplier);
  const { upper, lower } = keltnerChannels(bars, channel.period, CHANNEL_RANGE, channel.multiplier);
  const value = build(bars.length, (i) => {
    const [high, low] = [at(upper ?? source, i), at(lower ?? source, i)];
    const width = high - low;
    if (!(Math.abs(width) > 1e-10)) return 0;
    return Math.max(0, Math.min((high - at(top ?? source, i)) / width, (at(bottom ?? source, i) - low) / width));
  });
  return { value };
}
