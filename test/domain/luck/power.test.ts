import { describe, expect, test } from "vitest";
import { powerText } from "../../../src/domain/luck/power.ts";

describe("what a market can still show", () => {
  test.each([
    [
      "nothing tried, fifteen years",
      { symbol: "SPX", tried: 0, coming: 1, years: 15, left: null },
      "No backtest was tried on SPX; with one more, 15.0 years find a true Sharpe of 0.64 or more in four of five searches. They find a true Sharpe of 1 as often with up to 42 trials in all.",
    ],
    [
      "beyond the budget",
      { symbol: "SPX", tried: 62, coming: 45, years: 15, left: null },
      "62 backtests were tried on SPX; with 45 more, 15.0 years find a true Sharpe of 1.07 or more in four of five searches. With more than 42 trials in all they miss a true Sharpe of 1 more often than that: each further one hides it deeper.",
    ],
    [
      "a limit that is nearly reached",
      { symbol: "SPX", tried: 38, coming: 1, years: 15, left: 2 },
      "38 backtests were tried on SPX; with one more, 15.0 years find a true Sharpe of 0.99 or more in four of five searches. They find a true Sharpe of 1 as often with up to 42 trials in all. The operator's limit leaves 2 more.",
    ],
    [
      "five years, too few for the first try",
      { symbol: "SPX", tried: 1, coming: 1, years: 5, left: null },
      "One backtest was tried on SPX; with one more, 5.0 years find a true Sharpe of 1.25 or more in four of five searches. Of a true Sharpe of 1 they miss more than one in five even at the first try: take more years.",
    ],
  ])("%s", (_name, question, text) => {
    expect(powerText(question)).toBe(text);
  });
});
