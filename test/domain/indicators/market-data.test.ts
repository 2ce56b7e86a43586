import { describe, expect, it } from "vitest";
import { coverageOf, isIsoDate, isSymbol, isTimeframe, toEpochMs } from "../../../src/domain/market-data.ts";

it.each(["SPX", "EUR.USD", "BRK-B", "a1"])("%s is a symbol", (name) => expect(isSymbol(name)).toBe(true));
it.each(["", "EUR_USD", "../x", "a b", ".x", "x".repeat(21), 5, null])("%s is no symbol", (name) =>
  expect(isSymbol(name)).toBe(false),
);
it.each(["1m", "1M", "4h", "1w"])("%s is a timeframe", (name) => expect(isTimeframe(name)).toBe(true));
it.each(["1D", "3h", "", "daily", 1])("%s is no timeframe", (name) => expect(isTimeframe(name)).toBe(false));
it.each(["2015-02-28", "2016-02-29"])("%s is a date", (date) => expect(isIsoDate(date)).toBe(true));
it.each(["2015-02-29", "2015-13-01", "15-01-01", "2015-1-1", "2015-01-01T00:00:00Z", 2015])("%s is no date", (date) =>
  expect(isIsoDate(date)).toBe(false),
);

it("reads every stamp KTRDR writes as UTC", () => {
  const expected = Date.UTC(2015, 0, 2, 3, 4, 5);
  for (const stamp of [
    "2015-01-02T03:04:05",
    "2015-01-02 03:04:05",
    "2015-01-02T03:04:05Z",
    "2015-01-02T04:04:05+01:00",
  ]) {
    expect(toEpochMs(stamp)).toBe(expected);
  }
  expect(toEpochMs("2015-01-02")).toBe(Date.UTC(2015, 0, 2));
  expect(toEpochMs("soon")).toBeNaN();
});

describe("coverage of a window", () => {
  const range = {
    symbol: "SPX",
    timeframe: "1d",
    startDate: "2000-01-03",
    endDate: "2020-04-17T00:00:00Z",
    points: 5105,
  };
  it.each([
    ["2000-01-01", "2020-04-20", "inside"],
    ["1999-12-01", "2010-01-01", "starts_early"],
    ["2010-01-01", "2020-05-01", "ends_late"],
    ["1999-01-01", "2021-01-01", "wider"],
    ["2021-01-01", "2022-01-01", "outside"],
    ["1990-01-01", "1991-01-01", "outside"],
    ["2011-01-01", "2010-01-01", "reversed"],
    ["2011-01-01", "2011-01-01", "inside"],
  ] as const)("%s to %s: %s", (startDate, endDate, expected) =>
    expect(coverageOf({ startDate, endDate }, range)).toBe(expected),
  );
});
