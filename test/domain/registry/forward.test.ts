import { expect, test } from "vitest";
import { evidenceOf, forwardOf, forwardText, watchedBlocks } from "../../../src/domain/registry/forward.ts";

test.each([
  [12, 3, 0.3, 0.842423511516],
  [60, 15, 0.3, 1.92299190075],
  [60, 5, 0.3, 0.471249432162],
  [24, 9, 0.5, 1.60556143138],
])("the evidence of %s values with sum %s, mixed by %s", (n, sum, mixed, wanted) => {
  expect(evidenceOf(n, sum, mixed)).toBeCloseTo(wanted, 10);
  expect(evidenceOf(n, -sum, mixed)).toBeCloseTo(wanted, 10);
});

const months = (count: number, sum: number) => Array.from({ length: count }, () => ({ count: 21, sum }));

test("months that lose one standard deviation each propose a demotion in time; a few prove nothing", () => {
  const deviation = 0.01 * Math.sqrt(21);
  expect(forwardOf([], 0.01)).toEqual({ blocks: 0, sum: 0, evidence: 1, mean: "cannot be told" });
  expect(forwardOf(months(6, -deviation), 0.01).mean).toBe("cannot be told");
  const lost = forwardOf(months(13, -deviation), 0.01);
  expect(lost).toMatchObject({ blocks: 13, mean: "below 0" });
  expect(forwardText(lost)).toContain("its demotion is proposed");
  expect(forwardOf(months(13, deviation), 0.01).mean).toBe("above 0");
  expect(forwardOf([{ count: 0, sum: 0 }], 0.01).blocks).toBe(0);
});

test("watches that grow give one block each; one that adds nothing gives none", () => {
  // The mean return of a bar is Sharpe ratio times volatility over 252.
  const watch = (returns: number, mean: number) => ({ returns, sharpe: (mean * 252) / 0.1, volatility: 0.1 });
  const blocks = watchedBlocks([watch(20, 0.01), watch(20, 0.01), watch(40, 0), watch(40, 5)]);
  expect(blocks.map(({ count }) => count)).toEqual([20, 20]);
  expect(blocks.map(({ sum }) => sum)).toEqual([expect.closeTo(0.2, 10), expect.closeTo(-0.2, 10)]);
  expect(watchedBlocks([])).toEqual([]);
});

test("a worthless champion is seldom blamed, however often one looks", () => {
  // Draws of a fixed generator: 400 worlds, looked at after each of 60 months.
  let seed = 42;
  const uniform = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const blamed = Array.from({ length: 400 }, () => {
    let sum = 0;
    return Array.from({ length: 60 }, (_, at) => evidenceOf(at + 1, (sum += normal()))).some((one) => one >= 20);
  });
  expect(blamed.filter(Boolean).length / 400).toBeLessThan(0.05);
});
