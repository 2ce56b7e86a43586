/**
 * How many bars a year holds: the scale between per-bar and annual figures. KTRDR takes 252 for every bar
 * (docs/ktrdr.md §6.2).
 */

/** What KTRDR annualises with, whatever the bar. */
export const KTRDR_BARS_PER_YEAR = 252;

export const YEAR_MS = 365.25 * 24 * 3600 * 1000;

/** Conventions, for timeframes that have one. Daily bars: exchanges first, then markets that never close. */
const CONVENTIONS: Readonly<Record<string, readonly number[]>> = { "1d": [252, 365], "1w": [52], "1M": [12] };

/** A measured density this near to a convention is the convention. */
const NEAR = 0.05;

/** Returns of a shorter time are not compounded to a year: the number would mean nothing. */
export const LEAST_YEARS = 0.05;

/** In shorter windows holidays distort the measured density. */
const ENOUGH_YEARS = 0.2;

/**
 * Bars per year of a timeframe, from the bars themselves: an exchange has 6.5 hourly bars a day, a currency market 24.
 * Falls back to the convention, or null when there is none.
 * @param count bars between the two instants
 */
export function barsPerYear(timeframe: string, count: number, spanMs: number): number | null {
  const conventions = CONVENTIONS[timeframe] ?? [];
  const years = spanMs / YEAR_MS;
  const measured = count / years;
  if (!(years >= ENOUGH_YEARS && measured > 0)) return conventions[0] ?? null;
  return conventions.find((convention) => Math.abs(measured / convention - 1) <= NEAR) ?? measured;
}
