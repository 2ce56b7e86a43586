/** Whether two figures of the same things go together, by their ranks (Spearman, 1904). It assumes no distribution. */
import { doubledRanks } from "../ranks.ts";
import { mean } from "../statistics.ts";

export interface RankCorrelation {
  /** From -1 to 1. */
  readonly rho: number;
  /** Two-sided: how often figures that have nothing to do with each other correlate this much. */
  readonly p: number;
  readonly pairs: number;
}

const FEWEST_PAIRS = 3;
/** 8! = 40,320 orders are counted in milliseconds. Beyond, Student's t is near enough. */
const MOST_COUNTED = 8;

/**
 * Spearman's correlation; equal values share the mean of their ranks. The probability is exact up to 8 pairs, ties
 * included, and by Student's t with two degrees less than pairs beyond. Null below three pairs, or when one of the figures
 * is the same for all. Callers pass lists of equal length with finite numbers.
 */
export function rankCorrelation(first: readonly number[], second: readonly number[]): RankCorrelation | null {
  const pairs = first.length;
  const [a, b] = [centredRanks(first), centredRanks(second)];
  const scale = Math.sqrt(product(a, a) * product(b, b));
  if (pairs < FEWEST_PAIRS || scale === 0) return null;
  const rho = Math.max(-1, Math.min(1, product(a, b) / scale));
  return { rho, p: pairs <= MOST_COUNTED ? shareAsFar(a, b) : byStudent(rho, pairs - 2), pairs };
}

/** Twice the distance of each rank from the middle one: integers. */
function centredRanks(values: readonly number[]): number[] {
  const ranks = doubledRanks(values);
  const middle = mean(ranks);
  return ranks.map((rank) => rank - middle);
}

const product = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, at) => sum + value * (b[at] ?? Number.NaN), 0);

/** The share of all orders of `b` whose product with `a` is at least as far from 0. */
function shareAsFar(a: readonly number[], b: readonly number[]): number {
  const seen = Math.abs(product(a, b));
  let [far, all] = [0, 0];
  const place = (at: number, left: readonly number[], sum: number): void => {
    const value = a[at];
    if (value === undefined) {
      all += 1;
      if (Math.abs(sum) >= seen) far += 1;
      return;
    }
    for (const [taken, other] of left.entries()) place(at + 1, left.toSpliced(taken, 1), sum + value * other);
  };
  place(0, b, 0);
  return far / all;
}

/**
 * The two-sided probability of a correlation by Student's t: its finite sums for whole degrees of freedom (Abramowitz and
 * Stegun, 26.7.3 and 26.7.4), where rho is the sine of the angle.
 */
function byStudent(rho: number, freedom: number): number {
  const [sine, squared] = [Math.abs(rho), 1 - rho ** 2];
  const odd = freedom % 2;
  let [term, sum] = [odd === 1 ? Math.sqrt(squared) : 1, 0];
  for (let power = odd; power <= freedom - 2; power += 2) {
    sum += term;
    term *= (squared * (power + 1)) / (power + 2);
  }
  const within = odd === 1 ? (2 / Math.PI) * (Math.asin(sine) + sine * sum) : sine * sum;
  return Math.max(0, 1 - within);
}
