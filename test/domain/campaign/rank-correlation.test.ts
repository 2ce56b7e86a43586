/**
 * Exact probabilities are counted by hand or of the published tables for Spearman's rho; that of IQ and hours of television
 * is the example of many textbooks.
 */
import { describe, expect, test } from "vitest";
import { rankCorrelation } from "../../../src/domain/campaign/rank-correlation.ts";

const IQ = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110];
const TELEVISION = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17];

describe("the rank correlation", () => {
  test.each<[string, number[], number[], number, number]>([
    ["all in order", [1, 2, 3], [10, 20, 30], 1, 2 / 6],
    ["all in the other order", [1, 2, 3, 4, 5], [9, 7, 5, 3, 1], -1, 2 / 120],
    ["two neighbours changed", [1, 2, 3, 4], [2, 1, 3, 4], 0.8, 8 / 24],
    ["two pairs of neighbours changed", [1, 2, 3, 4, 5], [2, 1, 4, 3, 5], 0.8, 16 / 120],
    // Ranks 1, 2.5, 2.5, 4: 4.5 of the root of 4.5 times 5. Of the 24 orders 2 rise as they do, and 2 fall.
    ["with equal values", [1, 2, 2, 3], [1, 2, 3, 4], 4.5 / Math.sqrt(4.5 * 5), 4 / 24],
    ["without any relation", [1, 2, 3, 4], [2, 4, 1, 3], 0, 1],
    ["ten pairs, by Student's t", IQ, TELEVISION, -29 / 165, 0.6271883447764844],
  ])("%s", (_name, first, second, rho, p) => {
    for (const found of [rankCorrelation(first, second), rankCorrelation(second, first)]) {
      expect(found?.rho).toBeCloseTo(rho, 12);
      expect(found?.p).toBeCloseTo(p, 12);
      expect(found?.pairs).toBe(first.length);
    }
  });

  test.each([
    [
      [1, 2],
      [3, 4],
    ],
    [[], []],
    [
      [1, 1, 1],
      [1, 2, 3],
    ],
    [
      [1, 2, 3],
      [0, 0, 0],
    ],
  ])("of %j and %j cannot be told", (first, second) => {
    expect(rankCorrelation(first, second)).toBeNull();
  });

  test("asks for the order only", () => {
    const cubes = TELEVISION.map((hours) => hours ** 3);
    expect(rankCorrelation(IQ, cubes)).toEqual(rankCorrelation(IQ, TELEVISION));
  });

  test.each([9, 10, 13, 20])("of %i pairs has the probability of Student's t", (pairs) => {
    const first = Array.from({ length: pairs }, (_, at) => at);
    for (let shift = 0; shift < pairs; shift += 1) {
      const second = first.map((at) => (at + shift) % pairs);
      const { rho, p } = rankCorrelation(first, second) ?? { rho: Number.NaN, p: Number.NaN };
      const t = Math.abs(rho) * Math.sqrt((pairs - 2) / (1 - rho ** 2));
      expect(p).toBeCloseTo(shift === 0 ? 0 : 1 - 2 * studentUpTo(t, pairs - 2), 8);
    }
  });
});

/** The probability between 0 and `t`, by Simpson's rule; the density is scaled by its own integral. */
function studentUpTo(t: number, freedom: number): number {
  // With t as the tangent of an angle, the whole half-line is a quarter of a turn.
  const inside = (angle: number) => Math.cos(angle) ** (freedom - 1);
  const integral = (end: number) => {
    const steps = 2_000;
    let sum = inside(0) + inside(end);
    for (let at = 1; at < steps; at += 1) sum += inside((end * at) / steps) * (at % 2 === 1 ? 4 : 2);
    return (sum * end) / steps / 3;
  };
  return integral(Math.atan(t / Math.sqrt(freedom))) / integral(Math.PI / 2) / 2;
}
