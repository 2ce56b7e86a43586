/**
 * The exact rank-sum test, ties included (Wilcoxon 1945; Mann and Whitney 1947): the probability that a random split of
 * the same values into groups of these sizes sets them at least as far apart. It assumes no distribution of the values:
 * that of a few draws of a network is not known.
 */
import { doubledRanks } from "./ranks.ts";

/** Two-sided probability; 1 when the groups do not differ. Callers pass finite numbers and no empty group. */
export function rankSumProbability(a: readonly number[], b: readonly number[]): number {
  const ranks = doubledRanks([...a, ...b]);
  const seen = ranks.slice(0, a.length).reduce((sum, rank) => sum + rank, 0);
  const middle = a.length * (ranks.length + 1);
  const ways = waysToSum(ranks, a.length);
  let [far, all] = [0, 0];
  ways.forEach((count, sum) => {
    all += count;
    if (Math.abs(sum - middle) >= Math.abs(seen - middle)) far += count;
  });
  return far / all;
}

/** The least probability for groups of these sizes: every value of one is above every value of the other. */
export function leastRankSumProbability(a: number, b: number): number {
  let ways = 1;
  for (let taken = 1; taken <= a; taken += 1) ways *= (b + taken) / taken;
  return Math.min(1, 2 / ways);
}

/** In how many ways `taken` of the ranks add up to each sum; exact up to 26 of 52, approximate beyond. */
function waysToSum(ranks: readonly number[], taken: number): Float64Array {
  const width = ranks.reduce((sum, rank) => sum + rank, 1);
  // One row for each number of ranks taken; the column is their sum.
  const ways = new Float64Array((taken + 1) * width);
  ways[0] = 1;
  let reach = 0;
  for (const rank of ranks) {
    reach += rank;
    for (let row = taken; row > 0; row -= 1) {
      const [into, from] = [row * width, (row - 1) * width - rank];
      for (let sum = rank; sum <= reach; sum += 1) ways[into + sum] = (ways[into + sum] ?? 0) + (ways[from + sum] ?? 0);
    }
  }
  return ways.subarray(taken * width);
}
