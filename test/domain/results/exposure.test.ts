import { describe, expect, test } from "vitest";
import { boughtOnce, holdingAtSameExposure, timeInMarket, type Exposed } from "../../../src/domain/results/exposure.ts";

/** A run on SPX, 2015 to 2019, as the real KTRDR told it. */
const RUN: Exposed = {
  startDate: "2015-01-02",
  endDate: "2019-12-31",
  trades: 42,
  avgHoldingHours: 605.14,
  equityPoints: 1_208,
  buyAndHold: { totalReturn: 0.57 },
};

describe("exposure", () => {
  test("is the time of all closed trades, over the window without its warm-up", () => {
    const days = (Date.UTC(2019, 11, 31) - Date.UTC(2015, 0, 2)) / 86_400_000;
    expect(timeInMarket(RUN)).toBeCloseTo((42 * 605.14) / ((days + 1) * 24 * (1_208 / 1_258)), 2);
  });

  test("holding at the same exposure has a quarter of the capital in the market, for as long", () => {
    const same = holdingAtSameExposure(RUN);
    expect(same?.share).toBeCloseTo(0.25 * (timeInMarket(RUN) ?? 0), 12);
    expect(same?.totalReturn).toBeCloseTo((same?.share ?? 0) * 0.57, 12);
  });

  test("one trade that lasts for most of the time is holding, one that is short is a trade", () => {
    const hours = (1_825 * 24 * 1_208) / 1_258;
    expect(boughtOnce({ ...RUN, trades: 1, avgHoldingHours: 0.9 * hours })).toBe(true);
    expect(boughtOnce({ ...RUN, trades: 1, avgHoldingHours: 0.1 * hours })).toBe(false);
    expect(boughtOnce(RUN)).toBe(false);
    expect(boughtOnce({ ...RUN, trades: 0, avgHoldingHours: null })).toBe(false);
  });

  test.each([
    ["no trade", { trades: 0, avgHoldingHours: null }],
    ["no bars", { equityPoints: 0 }],
  ])("is not known with %s", (_name, more) => {
    expect(timeInMarket({ ...RUN, ...more })).toBeNull();
    expect(holdingAtSameExposure({ ...RUN, ...more })).toBeNull();
  });

  test("is never more than all of the time", () => {
    expect(timeInMarket({ ...RUN, avgHoldingHours: 60_514 })).toBe(1);
  });
});
