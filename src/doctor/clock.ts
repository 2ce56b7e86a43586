import { fine, found, type Finding } from "./finding.ts";

/** Another machine's time, and what ours was right before and after it was asked (all ms since 1970). */
export interface Glance {
  readonly theirs: number;
  readonly before: number;
  readonly after: number;
  /** How much later than told it may have been: an HTTP date has whole seconds. */
  readonly coarseMs?: number;
}

/** What is further off is worth a word: heartbeats and polls are told apart by seconds. */
const TOLERATED_MS = 2_000;

/** How far a clock is certainly off, beyond what the way of the answer explains; positive when it is ahead of ours. */
export function skewOf({ theirs, before, after, coarseMs = 0 }: Glance): number {
  if (theirs > after) return theirs - after;
  const latest = theirs + coarseMs;
  return latest < before ? latest - before : 0;
}

export function checkClock(whose: string, glance: Glance): Finding {
  const skew = skewOf(glance);
  const part = `Clock of ${whose}`;
  if (Math.abs(skew) <= TOLERATED_MS) return fine(part, "agrees with ours");
  const amount = `${Math.round(Math.abs(skew) / 1_000)} s ${skew > 0 ? "ahead of" : "behind"} ours`;
  return found(part, "clock_skew", amount, {
    fix: "timedatectl set-ntp true",
    note: "On the machine whose clock is wrong; `date -u` on both shows which one that is.",
  });
}
