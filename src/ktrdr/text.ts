/**
 * The last instant of a day `YYYY-MM-DD`, for the ends of windows: KTRDR takes a bare date for the start of that day
 * (docs/ktrdr.md §2.2). It has no zone, because KTRDR subtracts the start, which has none. An instant comes back
 * unchanged.
 */
export function endOfDay(date: string): string;
export function endOfDay(date: string | undefined): string | undefined;
export function endOfDay(date: string | undefined): string | undefined {
  return date?.length === 10 ? `${date}T23:59:59` : date;
}

const NAIVE = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$/;

/**
 * KTRDR's four ways to write an instant (docs/ktrdr.md §1.1) as ISO-8601 UTC with `Z`. Stamps without a zone are UTC.
 * Stamps that cannot be read come back unchanged.
 */
export function isoUtc(stamp: string): string {
  if (NAIVE.test(stamp)) return stamp.length === 10 ? `${stamp}T00:00:00Z` : `${stamp.replace(" ", "T")}Z`;
  if (stamp.endsWith("Z")) return stamp;
  const at = new Date(stamp);
  return Number.isNaN(at.getTime()) ? stamp : at.toISOString();
}
