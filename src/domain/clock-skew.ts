/** Another machine's time, and ours right before and after asking for it (milliseconds since 1970). */
export interface Glance {
  readonly theirs: number;
  readonly before: number;
  readonly after: number;
  /** How much later than `theirs` it may have been (milliseconds): an HTTP date has whole seconds. */
  readonly coarseMs?: number;
}

/** A clock that is further off is reported: the ages of heartbeats and polls would mislead. */
export const TOLERATED_MS = 2_000;

/** How far a clock is off for certain (milliseconds), travel time left out; positive when it is ahead of ours. */
export function skewOf({ theirs, before, after, coarseMs = 0 }: Glance): number {
  if (theirs > after) return theirs - after;
  const latest = theirs + coarseMs;
  return latest < before ? latest - before : 0;
}
