/** Vectors computed with scipy and again with Python's own normal distribution; 12 significant digits. */
import { expect, test } from "vitest";
import { findableSharpe, luckBar, luckOf, powerOfLook, trialBudget } from "../../../src/domain/luck/luck.ts";
import { lowerTail, normalQuantile, upperQuantile, upperTail } from "../../../src/domain/luck/normal.ts";
import { near } from "./near.ts";

test.each([
  [1.0, 5, 1, 0.0126736593387],
  [1.0, 5, 63, 0.552260316685],
  [1.5, 5, 63, 0.0247741988766],
  [1.5, 5, 1000, 0.328468495586],
  [2.0, 5, 63, 0.000243913538121],
  [0.8, 15, 100, 0.0927489185175],
  [3.0, 3, 10_000, 0.00101676010781],
])("a Sharpe of %d over %d years is luck of the best of %d in %d", (sharpe, years, trials, luck) => {
  near(luckOf(upperTail(sharpe * Math.sqrt(years)), trials), luck);
});

test.each([
  [1, 5, 0.05, 0.73560090458],
  [63, 5, 0.05, 1.40912421382],
  [1000, 5, 0.05, 1.73715537287],
  [100, 15, 0.05, 0.847772180195],
  [63, 5, 0.01, 1.60967123757],
])("the best of %d worthless strategies over %d years reaches its bar at %d", (trials, years, level, bar) => {
  near(luckBar(trials, years, level), bar);
  near(luckOf(upperTail(luckBar(trials, years, level) * Math.sqrt(years)), trials), level);
});

test.each([
  [1, 5, 0.05, 0.8, 1.1119853625],
  [63, 5, 0.05, 0.8, 1.78550867173],
  [100, 15, 0.05, 0.8, 1.06507784829],
  [1000, 20, 0.05, 0.8, 1.05676991539],
  [45, 5, 0.05, 0.5, 1.36459019159],
])("the smallest Sharpe that %d trials over %d years find", (trials, years, level, power, sharpe) => {
  near(findableSharpe(trials, years, level, power), sharpe);
});

test.each([
  [1.0, 15, 42],
  [1.0, 20, 362],
  [1.5, 5, 8],
  [2.0, 5, 362],
  [1.0, 5, 0],
])("a true Sharpe of %d over %d years allows %d trials", (sharpe, years, trials) => {
  expect(trialBudget(sharpe, years)).toBe(trials);
});

test.each([
  [1, 1, 0.05, 0.259511022841],
  [1, 3, 0.05, 0.534742609818],
  [1, 5, 0.05, 0.722811595689],
  [1.5, 3, 0.05, 0.829761347061],
])("one look at a true Sharpe of %d over %d years at %d passes in %d", (sharpe, years, level, power) => {
  near(powerOfLook(sharpe, years, level), power);
});

test.each([
  [2.2360679775, 0.0126736593387],
  [3.35410196625, 0.000398115078795],
  [4.472135955, 3.87210821552e-6],
  [5.19615242271, 1.01727730727e-7],
])("beyond %d lies %d of the normal distribution", (z, tail) => {
  near(upperTail(z), tail);
  near(lowerTail(-z), tail);
});

test.each([0.3, 0.05, 1e-3, 1e-7, 1e-12, 1e-20, 1e-100, 1e-300])(
  "the quantile of a tail of %d has that tail",
  (tail) => {
    near(upperTail(upperQuantile(tail)), tail, 1e-12);
    near(normalQuantile(tail), -upperQuantile(tail));
  },
);

test("a bar rises with every trial", () => {
  const bars = [1, 2, 10, 100, 1e4, 1e8, 1e12].map((trials) => luckBar(trials, 5, 0.05));
  expect(bars).toEqual(bars.toSorted((a, b) => a - b));
  expect(new Set(bars).size).toBe(bars.length);
});
