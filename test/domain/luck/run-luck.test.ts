import { describe, expect, test } from "vitest";
import { upperTail } from "../../../src/domain/luck/normal.ts";
import { runLuck, type LuckInput } from "../../../src/domain/luck/run-luck.ts";

/** Five years of daily bars. */
const of = (more: Partial<LuckInput>): LuckInput => ({
  sharpe: 1.2,
  ktrdrSharpe: 1.2,
  returns: 1260,
  trades: 80,
  trials: 63,
  symbol: "SPX",
  deviation: null,
  worthless: null,
  ...more,
});

describe("the sentence that every backtest carries", () => {
  test.each<[string, Partial<LuckInput>, string]>([
    [
      "many trials",
      {},
      "63 backtests were tried on SPX. The best of 63 worthless strategies shows a Sharpe of 1.03 or more in half of all such searches and 1.41 in one of twenty; this one shows 1.20: luck does that in 21 %. These 5.0 years find a true Sharpe of 1.79 or more in four of five such searches.",
    ],
    [
      "one trial",
      { trials: 1 },
      "This is the only backtest tried on SPX. One worthless strategy shows a Sharpe of 0.74 or more in one of twenty searches; this one shows 1.20: luck does that in 0.4 %.",
    ],
    [
      "few trades",
      { trades: 12 },
      "63 backtests were tried on SPX. The best of 63 worthless strategies shows a Sharpe of 1.03 or more in half of all such searches and 1.41 in one of twenty; this one shows 1.20. Whether it is luck cannot be told: 12 trades are too few, at least 30 are needed. These 5.0 years find a true Sharpe of 1.79 or more in four of five such searches.",
    ],
    [
      "no trade",
      { trades: 0, sharpe: null, ktrdrSharpe: 0 },
      "63 backtests were tried on SPX. Whether it is luck cannot be told: it made no trade.",
    ],
  ])("%s", (_, more, sentence) => {
    expect(runLuck(of(more)).sentence).toBe(sentence);
  });
});

test("what saw the future has no luck", () => {
  const { probability, sentence } = runLuck(of({ worthless: "it saw the future" }));
  expect(probability).toBeNull();
  expect(sentence).toContain("cannot be told: it saw the future");
});

test("the same returns are the same luck, whatever bars a year are annualised with", () => {
  const daily = runLuck(of({}));
  const hourly = runLuck(of({ sharpe: 1.2 * Math.sqrt(6048 / 252) }));
  expect(hourly.probability).toBeCloseTo(daily.probability ?? 0, 12);
  expect(hourly.standard?.psr).toBeCloseTo(daily.standard?.psr ?? 0, 12);
});

test("where luck cannot be told, no other probability stands beside it", () => {
  expect(runLuck(of({ trades: 12 }))).toMatchObject({ probability: null, standard: null, published: null });
});

test("a loss is luck almost surely", () => {
  expect(runLuck(of({ sharpe: -1, ktrdrSharpe: -1 })).probability).toBeGreaterThan(0.999);
  expect(runLuck(of({ sharpe: -1, ktrdrSharpe: -1 })).standard?.minimumYears).toBeNull();
});

test("the published forms stand beside it: that of 2014 loses sight when the trials differ, that of 2025 takes T for T - 1", () => {
  const at = (deviation: number | null) => runLuck(of({ deviation })).published;
  expect(at(null)?.dsr2014).toBeNull();
  // With the deviation that worthless trials have, the form of 2014 is the one with the null variance.
  expect(at(Math.sqrt(252 / 1260))?.dsr2014).toBeCloseTo(runLuck(of({})).standard?.dsr ?? 0, 12);
  expect(at(2)?.dsr2014 ?? 1).toBeLessThan(0.001);
  expect(at(null)?.psr2025).toBeCloseTo(1 - upperTail(1.2 * Math.sqrt(5)), 12);
});
