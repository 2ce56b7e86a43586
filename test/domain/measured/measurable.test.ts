import { expect, test } from "vitest";
import { measurableEnds } from "../../../src/domain/measured/measurable.ts";

const DAYS = { startDate: "2015-01-02", endDate: "2019-12-31" };

// The first 60 bars of an exchange: 10 days of hours, 84 days of days, 60 weeks, 5 years of months.
test.each([
  ["1h", "2015-01-31"],
  ["1d", "2015-04-30"],
  ["1w", "2016-03-31"],
])("the first prefix of bars of %s ends after their warm-up", (timeframe, first) => {
  expect(measurableEnds({ ...DAYS, timeframe }, 60)?.[0]).toBe(first);
});

test.each([
  ["whose warm-up is all of it", { ...DAYS, timeframe: "1M" }],
  ["in which no month ends after the warm-up", { startDate: "2019-10-01", endDate: "2019-12-31", timeframe: "1d" }],
  ["of less than two months", { startDate: "2019-11-05", endDate: "2019-12-31", timeframe: "1h" }],
])("a backtest %s is not measured", (_name, window) => {
  expect(measurableEnds(window, 24)).toBeNull();
});
