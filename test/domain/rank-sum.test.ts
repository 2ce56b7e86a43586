import { describe, expect, test } from "vitest";
import { leastRankSumProbability, rankSumProbability } from "../../src/domain/rank-sum.ts";

/** The probability by trying every split of the values, one by one. */
function byEverySplit(a: readonly number[], b: readonly number[]): number {
  const values = [...a, ...b];
  const rank = (value: number) =>
    values.filter((other) => other < value).length + (values.filter((other) => other === value).length + 1) / 2;
  const rankSum = (picked: readonly number[]) => picked.reduce((sum, value) => sum + rank(value), 0);
  const middle = (a.length * (values.length + 1)) / 2;
  const seen = Math.abs(rankSum(a) - middle);
  let [far, all] = [0, 0];
  for (let mask = 0; mask < 2 ** values.length; mask += 1) {
    const picked = values.filter((_, at) => (mask >> at) % 2 === 1);
    if (picked.length !== a.length) continue;
    all += 1;
    if (Math.abs(rankSum(picked) - middle) >= seen - 1e-9) far += 1;
  }
  return far / all;
}

describe("the rank-sum test", () => {
  test.each<[number[], number[]]>([
    [[1], [2]],
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    [
      [1, 5, 6, 9],
      [2, 3, 4, 7],
    ],
    [
      [0, 0, 0, 1],
      [0, 1, 1, 1, 1],
    ],
    [
      [2, 2],
      [2, 2, 2],
    ],
    [
      [-1.5, 3, 8, 8, 2],
      [9, 9, 12, 8],
    ],
  ])("of %j and %j counts every split", (a, b) => {
    expect(rankSumProbability(a, b)).toBeCloseTo(byEverySplit(a, b), 12);
    expect(rankSumProbability(b, a)).toBeCloseTo(byEverySplit(a, b), 12);
  });

  test("reaches its least value when the groups do not overlap", () => {
    for (const size of [1, 2, 3, 5, 10, 20]) {
      const low = Array.from({ length: size }, (_, at) => at);
      const high = low.map((value) => value + 100);
      expect(rankSumProbability(low, high)).toBeCloseTo(leastRankSumProbability(size, size), 12);
    }
    expect(leastRankSumProbability(4, 4)).toBeCloseTo(2 / 70, 12);
  });
});
