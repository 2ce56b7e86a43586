/**
 * The statistics behind every figure we compute ourselves. Conventions: returns are simple (p1/p0 - 1) and per bar, the
 * risk-free rate is zero, standard deviations are of a sample (n - 1), drawdowns are positive ratios. Callers pass
 * finite numbers.
 */
import type { Spread } from "./result.ts";

/** Arithmetic mean; NaN for an empty list. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation; NaN below two values. */
export function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return Number.NaN;
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

/** Middle value, or the mean of the two middle ones; NaN for an empty list. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return mean(sorted.slice(Math.floor(middle), Math.ceil(middle) + 1));
}

/** Median and range of the values that are not null; null when all are. */
export function spread(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  return { median: median(known), min: Math.min(...known), max: Math.max(...known), n: known.length };
}

/** Simple returns between neighbours; one shorter than `prices`. */
export function simpleReturns(prices: readonly number[]): number[] {
  return prices.slice(1).map((price, index) => price / (prices[index] ?? Number.NaN) - 1);
}

/** Greatest fall from a running maximum, as a positive ratio of that maximum; 0 when nothing ever fell. */
export function maxDrawdown(values: readonly number[]): number {
  let peak = Number.NEGATIVE_INFINITY;
  let worst = 0;
  for (const value of values) {
    peak = Math.max(peak, value);
    worst = Math.max(worst, 1 - value / peak);
  }
  return worst;
}

/** When the mean exceeds the deviation so many times, only the rounding of prices varies. No market comes near. */
const MOST_MEANS = 100;

/** Mean over deviation of per-bar returns, times the root of bars per year; null when nothing but rounding varies. */
export function sharpeRatio(returns: readonly number[], barsPerYear: number): number | null {
  const [centre, deviation] = [mean(returns), standardDeviation(returns)];
  const varies = deviation > 0 && Math.abs(centre) < MOST_MEANS * deviation;
  return varies ? (centre / deviation) * Math.sqrt(barsPerYear) : null;
}

/** Standard error of an annualised Sharpe ratio measured over `years` of independent returns (Lo, 2002). */
export function sharpeStandardError(sharpe: number, years: number, barsPerYear: number): number {
  return Math.sqrt((1 + sharpe ** 2 / (2 * barsPerYear)) / years);
}

/** Ratio per year that compounds to `totalReturn` over `years`; -1 when everything was lost. */
export function annualise(totalReturn: number, years: number): number {
  return totalReturn <= -1 ? -1 : (1 + totalReturn) ** (1 / years) - 1;
}

/** Rounded to `digits` significant digits, so that long series stay short in JSON. */
export function toSignificant(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}
