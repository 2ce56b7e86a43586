/**
 * The rank-sum test (Wilcoxon 1945; Mann and Whitney 1947), exact, ties included: how often a split of the same values into
 * two groups of these sizes would set them as far apart, if the groups were alike. It assumes nothing about how the values
 * are spread, which for a handful of random draws of a network is not known.
 */

/** Two-sided; 1 where nothing tells the groups apart. Callers pass finite numbers and no empty group. */
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

/** The least probability that groups of these sizes can reach: each value of the one above each of the other. */
export function leastRankSumProbability(a: number, b: number): number {
  let ways = 1;
  for (let taken = 1; taken <= a; taken += 1) ways *= (b + taken) / taken;
  return Math.min(1, 2 / ways);
}

/** 1-based places in the order of size, equal values at the mean of theirs; doubled, so that all are integers. */
function doubledRanks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return 2 * below + equal + 1;
  });
}

/** In how many ways so many of the ranks add up to each sum; exact up to 26 of 52, and close beyond. */
function waysToSum(ranks: readonly number[], taken: number): Float64Array {
  const width = ranks.reduce((sum, rank) => sum + rank, 1);
  // Row by row: how many were taken; in a row: their sum.
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
