/** Another machine's time, and what ours was right before and after it was asked (all ms since 1970). */
export interface Glance {
  readonly theirs: number;
  readonly before: number;
  readonly after: number;
  /** How much later than told it may have been: an HTTP date has whole seconds. */
  readonly coarseMs?: number;
}

/** What is further off is worth a word: heartbeats and polls are told apart by seconds. */
export const TOLERATED_MS = 2_000;

/** How far a clock is certainly off, beyond what the way of the answer explains; positive when it is ahead of ours. */
export function skewOf({ theirs, before, after, coarseMs = 0 }: Glance): number {
  if (theirs > after) return theirs - after;
  const latest = theirs + coarseMs;
  return latest < before ? latest - before : 0;
}
