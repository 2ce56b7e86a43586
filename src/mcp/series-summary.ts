import { rounded } from "../domain/facts.ts";

const QUANTILES = { q10: 0.1, q25: 0.25, median: 0.5, q75: 0.75, q90: 0.9 } as const;

/** How the values of a series are spread; nulls are left out. Quantiles interpolate between neighbours. */
export function seriesSummary(series: readonly (number | null)[]) {
  const sorted = Float64Array.from(series.filter((value) => value !== null)).sort();
  if (sorted.length === 0) return { values: 0 };
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const [low, high] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
    return low + (high - low) * (place - Math.floor(place));
  };
  const quantiles = Object.entries(QUANTILES).map(([name, share]) => [name, rounded(at(share))] as const);
  return { values: sorted.length, min: rounded(at(0)), ...Object.fromEntries(quantiles), max: rounded(at(1)) };
}

/**
 * Replaces the zeros that KTRDR writes where an indicator has no value (docs/ktrdr.md §2.4): those before its first
 * value, and every zero of a price.
 * @param price whether the output is a price
 */
export function withoutFillers(series: readonly (number | null)[], price: boolean): readonly (number | null)[] {
  const first = series.findIndex((value) => value !== null && value !== 0);
  return series.map((value, at) => (value === 0 && (price || at < first) ? null : value));
}

/** The last `count` values, oldest first. */
export const latestValues = (series: readonly (number | null)[], count: number): readonly (number | null)[] =>
  series.slice(-count).map(rounded);
