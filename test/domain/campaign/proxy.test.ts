import { expect, test } from "vitest";
import { proxyText } from "../../../src/domain/campaign/proxy.ts";
import { rankCorrelation } from "../../../src/domain/campaign/rank-correlation.ts";

const SEARCH = { points: 45, finalists: 8, trials: 26, years: 5 };
const LOSSES = [1, 2, 3, 4, 5, 6, 7, 8];

test.each([
  [
    "orders the finalists",
    [8, 7, 6, 5, 4, 3, 1, 2],
    "Validation loss and Sharpe of 8 finalists correlate by -0.98 (Spearman, p below 0.001): the lower the loss, the higher the Sharpe, so the loss chose well here.",
  ],
  [
    "only leans the right way",
    [5, 8, 3, 7, 6, 1, 4, 2],
    "Validation loss and Sharpe of 8 finalists correlate by -0.57 (Spearman, p 0.151): this leans the right way, and so few finalists cannot tell it from chance.",
  ],
  [
    "says nothing",
    [3, 7, 1, 6, 8, 2, 5, 4],
    // luckBar(63, 5, 0.05) is 1.40912421382.
    "Validation loss and Sharpe of 8 finalists correlate by 0.02 (Spearman, p 0.977): so few finalists, all of low loss, cannot tell whether the loss is a guide. A search by backtests would make each of the 45 points on the last rung a trial: 63 instead of 26, and luck then shows a Sharpe of 1.41 instead of 1.29 in one of twenty searches.",
  ],
])("a loss that %s", (_name, sharpes, text) => {
  expect(proxyText({ ...SEARCH, correlation: rankCorrelation(LOSSES, sharpes) })).toBe(text);
});

test("a loss is worthless only when it clearly misleads", () => {
  expect(proxyText({ ...SEARCH, correlation: rankCorrelation(LOSSES, LOSSES) })).toContain("worthless as a guide");
  const three = rankCorrelation([1, 2, 3], [1, 2, 3]);
  expect(proxyText({ ...SEARCH, correlation: three })).toContain("(Spearman, p 0.333): so few finalists");
});

test("what a search by backtests would cost is not told when every point was backtested", () => {
  const text = proxyText({ ...SEARCH, points: 8, correlation: rankCorrelation(LOSSES, LOSSES) });
  expect(text).toMatch(/worthless as a guide here\.$/);
});

test("two finalists tell nothing", () => {
  expect(proxyText({ ...SEARCH, correlation: rankCorrelation([1, 2], [2, 1]) })).toContain("cannot be told");
});
