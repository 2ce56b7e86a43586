import { expect, test } from "vitest";
import {
  annualise,
  maxDrawdown,
  mean,
  median,
  sharpeRatio,
  sharpeStandardError,
  simpleReturns,
  spread,
  standardDeviation,
  toSignificant,
} from "../../src/domain/statistics.ts";

test("mean and sample standard deviation of a published vector", () => {
  // NIST's NumAcc1-like textbook vector: mean 5, sum of squares 32.
  const values = [2, 4, 4, 4, 5, 5, 7, 9];
  expect(mean(values)).toBe(5);
  expect(standardDeviation(values)).toBeCloseTo(Math.sqrt(32 / 7), 12);
  expect(standardDeviation([1])).toBeNaN();
});

test("median of odd and even counts leaves its input alone", () => {
  const values = [9, 1, 5];
  expect(median(values)).toBe(5);
  expect(values).toEqual([9, 1, 5]);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test("what is not known is no part of a spread", () => {
  expect(spread([null, 2, null, 4])).toEqual({ median: 3, min: 2, max: 4, n: 2 });
  expect(spread([null])).toBeNull();
});

test("drawdown is the greatest fall from a running maximum", () => {
  expect(maxDrawdown([100, 120, 90, 130, 100])).toBeCloseTo(0.25, 12);
  expect(maxDrawdown([1, 2, 3])).toBe(0);
  expect(maxDrawdown([])).toBe(0);
});

test("Sharpe ratio by hand", () => {
  const returns = simpleReturns([100, 110, 99]);
  expect(returns).toHaveLength(2);
  expect(sharpeRatio(returns, 252)).toBeCloseTo(0, 12);
  expect(sharpeRatio([0.01, 0.03], 4)).toBeCloseTo((0.02 / Math.SQRT2 / 0.01) * 2, 12);
  expect(sharpeRatio([0, 0, 0], 252)).toBeNull();
  // A price that always grows by the same share varies only by rounding.
  const grown = Array.from({ length: 500 }, (_, day) => 100 * 1.0005 ** day);
  expect(sharpeRatio(simpleReturns(grown), 252)).toBeNull();
  expect(sharpeRatio(simpleReturns(grown.map((price) => Number(price.toFixed(4)))), 252)).toBeNull();
});

test("the error of a Sharpe ratio shrinks with the root of time and grows a little with the ratio", () => {
  expect(sharpeStandardError(0, 4, 252)).toBe(0.5);
  expect(sharpeStandardError(2, 4, 252)).toBeCloseTo(Math.sqrt((1 + 4 / 504) / 4), 12);
});

test("annual return compounds back", () => {
  expect(annualise(0.21, 2)).toBeCloseTo(0.1, 12);
  expect(annualise(-1, 3)).toBe(-1);
  expect(annualise(-1.4, 3)).toBe(-1);
});

test("significant digits", () => {
  expect(toSignificant(1.014793872833252, 6)).toBe(1.01479);
  expect(toSignificant(0.0000123456789, 3)).toBe(0.0000123);
});
