/**
 * How strict each look at a holdout is. The levels are spent like a budget: whatever is tried between the looks, the
 * chance that a worthless strategy passes stays at `alpha`. docs/holdout.md says why.
 */

/** What a holdout may be wrong in, over all its looks. */
export const HOLDOUT_ALPHA = 0.05;

/**
 * The level of look `look` (from 1) after `passes` earlier passes: alpha · 6/(π² j²) / C(j−1, passes). The levels of all
 * looks sum to alpha, and the division pays for what the answers so far have told.
 */
export function lookLevel(alpha: number, look: number, passes: number): number {
  return (alpha * 6) / (Math.PI ** 2 * look ** 2) / choose(look - 1, passes);
}

/** The strictest of the levels that are possible while `open` earlier looks have no answer yet. */
export function levelWhile(alpha: number, look: number, passes: number, open: number): number {
  const levels = Array.from({ length: open + 1 }, (_, more) => lookLevel(alpha, look, passes + more));
  return Math.min(...levels);
}

function choose(n: number, k: number): number {
  let ways = 1;
  for (let at = 1; at <= Math.min(k, n - k); at += 1) ways = (ways * (n - at + 1)) / at;
  return Math.round(ways);
}
