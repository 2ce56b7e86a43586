/** How fast a computation goes, and when it is worth looking at again. Zod-free: workflows and activities use it. */

/** The first progress that was seen: what was before it (loading bars, the slow first epoch) says nothing about the rest. */
export interface PaceMark {
  /** ISO-8601 UTC. */
  readonly at: string;
  readonly percent: number;
}

/** Less progress than this since the mark says nothing yet. */
const TELLING_PERCENT = 2;

/**
 * Milliseconds that are left by the pace since a mark; null while that tells nothing.
 * @param percent at `atMs`, 0..100
 */
export function leftMs(mark: PaceMark, percent: number, atMs: number): number | null {
  const [done, took] = [percent - mark.percent, atMs - Date.parse(mark.at)];
  if (done < TELLING_PERCENT || percent >= 100 || took <= 0) return null;
  return (took / done) * (100 - percent);
}

/** KTRDR keeps more of an operation with every look at it: no quicker than this. */
const QUICKEST_MS = 500;
/** A computation that is overdue for longer than this may stand still for ever. */
const OVERDUE_MS = 15_000;

/**
 * How long to wait for the next look, milliseconds: short near the end and for what has only begun, so that an end is
 * noticed within a small part of what the computation took; else as often as it is set.
 * @param elapsedMs since it was first looked at
 * @param left as expected; null where nothing tells
 * @param stillMs since its progress last moved
 */
export function nextLookMs(
  intervalMs: number,
  { elapsedMs, left, stillMs }: { readonly elapsedMs: number; readonly left: number | null; readonly stillMs: number },
): number {
  const quickest = Math.min(QUICKEST_MS, intervalMs);
  const young = elapsedMs / 8;
  // What the pace was measured from was seen by looks this far apart.
  const late = left === null || stillMs - left > OVERDUE_MS ? intervalMs : Math.max(0, left - stillMs - intervalMs) / 2;
  return Math.max(quickest, Math.min(intervalMs, young, late));
}
