import { permutation, seededRandom } from "./seeded-random.ts";
import { LAST_UNIT } from "./space.ts";

/** One base for each dimension; a space has no more. */
const BASES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];

/**
 * Points that fill the unit cube more evenly than chance, however many are taken: the Halton sequence, each digit of each
 * dimension exchanged at random (Owen, 2017, A randomized Halton algorithm in R).
 * @param dimensions up to 12
 * @returns the point at an index from 0 on, each coordinate 0 <= u < 1
 */
export function haltonSequence(dimensions: number, seed: number): (index: number) => number[] {
  const axes = BASES.slice(0, dimensions).map((base) => ({ base, digits: exchangedDigits(base, seed) }));
  return (index) => axes.map(({ base, digits }) => exchangedInverse(index, base, digits));
}

/** For each digit that a double can hold, what it becomes. Leading zeros are exchanged too. */
function exchangedDigits(base: number, seed: number): number[][] {
  const random = seededRandom(seed, base);
  return Array.from({ length: Math.ceil(53 / Math.log2(base)) }, () => permutation(base, random));
}

/** The digits of `index` behind the point, the last one first. */
function exchangedInverse(index: number, base: number, digits: readonly (readonly number[])[]): number {
  let [left, share, sum] = [index, 1, 0];
  for (const exchanged of digits) {
    share /= base;
    sum += (exchanged[left % base] ?? 0) * share;
    left = Math.floor(left / base);
  }
  return Math.min(sum, LAST_UNIT);
}
