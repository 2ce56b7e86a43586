/** How fast a computation goes, and when to look at it again. Zod-free: workflows and activities use it. */

/** The first progress that was seen. The time before it (loading bars, a slow first epoch) tells nothing about the rest. */
export interface PaceMark {
  /** ISO-8601 UTC. */
  readonly at: string;
  readonly percent: number;
}

/** Less progress than this since the mark tells no pace. */
const TELLING_PERCENT = 2;

/**
 * Milliseconds left, by the pace since a mark; null while there is too little progress.
 * @param percent at `atMs`, 0..100
 */
export function leftMs(mark: PaceMark, percent: number, atMs: number): number | null {
  const [done, took] = [percent - mark.percent, atMs - Date.parse(mark.at)];
  if (done < TELLING_PERCENT || percent >= 100 || took <= 0) return null;
  return (took / done) * (100 - percent);
}

/** So many looks a second at all computations together: each costs KTRDR, Temporal and this process something. */
const LOOKS_PER_SECOND = 80;
/** KTRDR loses track of an operation that is left alone for a minute (docs/ktrdr.md §9). */
const LONGEST_MS = 20_000;

/**
 * The interval between looks at one of many computations: as it is set, and longer where so many are watched that they
 * would crowd each other.
 * @param watched computations that this process watches
 */
export const spacedMs = (intervalMs: number, watched: number): number =>
  Math.max(intervalMs, Math.min(LONGEST_MS, (watched / LOOKS_PER_SECOND) * 1_000));

/** KTRDR keeps more of an operation with each look at it, so looks are never closer together than this. */
const QUICKEST_MS = 500;
/** A computation that is overdue for longer than this may never move again. */
const OVERDUE_MS = 15_000;

/**
 * Milliseconds until the next look: few near the end and right after the beginning, so that an end is noticed quickly
 * compared with the time that the computation took; else the interval that is set.
 * @param elapsedMs time since the first look
 * @param left expected time left; null when not known
 * @param stillMs time since its progress last moved
 */
export function nextLookMs(
  intervalMs: number,
  { elapsedMs, left, stillMs }: { readonly elapsedMs: number; readonly left: number | null; readonly stillMs: number },
): number {
  const quickest = Math.min(QUICKEST_MS, intervalMs);
  const young = elapsedMs / 8;
  // The pace is only as exact as the interval between the looks that it was measured by.
  const late = left === null || stillMs - left > OVERDUE_MS ? intervalMs : Math.max(0, left - stillMs - intervalMs) / 2;
  return Math.max(quickest, Math.min(intervalMs, young, late));
}
