import { expect, test } from "vitest";
import { haltonSequence } from "../../../src/domain/campaign/halton.ts";
import { permutation, seededRandom } from "../../../src/domain/campaign/seeded-random.ts";
import { shuffledIndex } from "../../../src/domain/campaign/shuffled-index.ts";
import { mean } from "../../../src/domain/statistics.ts";

/** Squared L2 discrepancy from the uniform distribution (Warnock, 1972). */
function discrepancy(points: readonly (readonly number[])[]): number {
  const product = (factors: readonly number[]) => factors.reduce((all, one) => all * one, 1);
  const dimensions = points[0]?.length ?? 0;
  const single = mean(points.map((point) => product(point.map((x) => (1 - x * x) / 2))));
  const pairs = mean(
    points.map((one) => mean(points.map((other) => product(one.map((x, at) => 1 - Math.max(x, other[at] ?? 0)))))),
  );
  return 3 ** -dimensions - 2 * single + pairs;
}

test.each([1, 2, 4, 6])("in %i dimensions, points of a Halton sequence lie more evenly than chance", (dimensions) => {
  const ratios = Array.from({ length: 8 }, (_, seed) => {
    const [sequence, random] = [haltonSequence(dimensions, seed), seededRandom(seed, 77)];
    const even = Array.from({ length: 128 }, (_point, index) => sequence(index));
    const chance = even.map((point) => point.map(() => random()));
    return discrepancy(even) / discrepancy(chance);
  });
  expect(mean(ratios)).toBeLessThan(0.6);
});

test("each stretch of a base's length visits each part of that many once", () => {
  const sequence = haltonSequence(12, 21);
  for (const [axis, base] of [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37].entries()) {
    const first = Array.from({ length: base ** 2 }, (_, index) => Math.floor((sequence(index)[axis] ?? 0) * base ** 2));
    expect(new Set(first).size).toBe(base ** 2);
    expect(first.every((part) => part >= 0 && part < base ** 2)).toBe(true);
  }
});

test("a seed gives one sequence", () => {
  const some = (seed: number) => [0, 1, 5_000_000].map((index) => haltonSequence(3, seed)(index));
  expect(some(1)).toEqual(some(1));
  expect(some(2)).not.toEqual(some(1));
});

test("chance follows from its seeds, is even, and differs between seeds", () => {
  const drawn = (...seeds: number[]) => {
    const random = seededRandom(...seeds);
    return Array.from({ length: 20_000 }, () => random());
  };
  const all = drawn(1, 2);
  expect(drawn(1, 2)).toEqual(all);
  for (const other of [drawn(2, 1), drawn(1), drawn(1, 2, 0)]) {
    expect(other.filter((one, at) => one === all[at]).length).toBeLessThan(3);
  }
  expect(all.every((one) => one >= 0 && one < 1)).toBe(true);
  const counts = Array.from({ length: 20 }, (_, part) => all.filter((one) => Math.floor(one * 20) === part).length);
  // Chi squared of 19 degrees of freedom exceeds 43.8 once in a thousand.
  expect(counts.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0)).toBeLessThan(43.8);
  expect(permutation(50, seededRandom(3)).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, at) => at));
});

test("a shuffled order has every number once, however many there are", () => {
  for (const size of [1, 2, 3, 10, 97, 1_000, 4_097]) {
    const order = Array.from({ length: size }, (_, index) => shuffledIndex(index, size, 6));
    expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, at) => at));
  }
  const size = 2 ** 48;
  const some = Array.from({ length: 1_000 }, (_, index) => shuffledIndex(index, size, 6));
  expect(new Set(some).size).toBe(1_000);
  expect(some.every((at) => Number.isSafeInteger(at) && at >= 0 && at < size)).toBe(true);
  expect(Math.abs(mean(some) / size - 0.5)).toBeLessThan(0.05);
});
