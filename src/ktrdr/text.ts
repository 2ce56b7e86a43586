/** Characters that have no business in a message: C0 and C1 controls, line and paragraph separators, bidi overrides. */
const UNSAFE = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]+/gu;

/** Foreign text as one bounded line: control characters become spaces, the rest is cut at `limit` characters. */
export function oneLine(text: string, limit = 300): string {
  // Cut first: a megabyte of foreign text must not pass through the pattern. Cleaning only ever shortens.
  const line = text
    .slice(0, limit * 4)
    .replaceAll(UNSAFE, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  return line.length > limit || text.length > limit * 4 ? `${line.slice(0, limit - 1).toWellFormed()}…` : line;
}

/**
 * The last instant of a day `YYYY-MM-DD`, for the ends of windows: KTRDR takes a bare date for the very start of that day
 * (contract §2.2). Without a zone, because it subtracts the start, which has none. An instant comes back as it was.
 */
export function endOfDay(date: string): string;
export function endOfDay(date: string | undefined): string | undefined;
export function endOfDay(date: string | undefined): string | undefined {
  return date?.length === 10 ? `${date}T23:59:59` : date;
}

const NAIVE = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$/;

/**
 * KTRDR's four ways to write an instant (contract §1.1) as ISO-8601 UTC with `Z`. Stamps without a zone are UTC.
 * Stamps that cannot be read come back as they were.
 */
export function isoUtc(stamp: string): string {
  if (NAIVE.test(stamp)) return stamp.length === 10 ? `${stamp}T00:00:00Z` : `${stamp.replace(" ", "T")}Z`;
  if (stamp.endsWith("Z")) return stamp;
  const at = new Date(stamp);
  return Number.isNaN(at.getTime()) ? stamp : at.toISOString();
}
