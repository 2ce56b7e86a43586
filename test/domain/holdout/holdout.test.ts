import { describe, expect, test } from "vitest";
import { cutOf, dayBefore, reachesKept } from "../../../src/domain/holdout/holdout.ts";
import type { JobRequest } from "../../../src/domain/kinds/index.ts";
import { BACKTEST, TRAINING } from "../../support/job-inputs.ts";

const CUT = { symbol: "SPX", timeframe: "1d", startDate: "2019-01-01" };
const CUTS = [CUT];
const what = (request: JobRequest) => reachesKept(request, CUTS)?.what;
const ENDS = "SPX 1d ends on 2018-12-31: what comes after is kept as the holdout.";

test("the day before, over years and leap days", () => {
  expect([dayBefore("2019-01-01"), dayBefore("2020-03-01")]).toEqual(["2018-12-31", "2020-02-29"]);
});

test("a cut is found whatever the case of the symbol", () => {
  expect(cutOf(CUTS, "spx", "1d")).toBe(CUT);
  expect(cutOf(CUTS, "SPX", "1h")).toBeNull();
});

describe("what reaches into kept days is refused, and says where the open ones end", () => {
  const window = { startDate: "2015-01-02", endDate: "2019-01-01" };
  const part = { strategy: "a", strategySha256: "0", symbol: "SPX", timeframe: "1d" };
  const model = { strategy: "a", symbol: "SPX", timeframe: "1d", modelPath: "models/a/1d_v1", trainingJobId: null };
  const batch = {
    kind: "batch",
    work: "both",
    strategies: [],
    models: [],
    periods: [{ train: { ...window, endDate: "2018-12-31" }, test: window }],
    draws: 1,
    costs: null,
    atOnce: 1,
    maxFailures: 0,
  } as const;
  test.each<[string, JobRequest]>([
    ["a training", { ...TRAINING, ...window }],
    ["one of several symbols", { ...TRAINING, ...window, symbol: "ABC", symbols: ["ABC", "SPX"] }],
    ["a backtest", { ...BACKTEST, ...window, symbol: "spx" }],
    ["a backtest that begins there", { ...BACKTEST, startDate: "2019-06-01", endDate: "2019-12-31" }],
    ["a batch of strategies", { ...batch, strategies: [part] }],
    [
      "a batch of strategies on several",
      { ...batch, strategies: [{ ...part, symbol: "ABC", symbols: ["ABC", "SPX"] }] },
    ],
    ["a batch of models", { ...batch, models: [model] }],
  ])("%s", (_name, request) => expect(what(request)).toBe(ENDS));
});

test("what ends before is computed, and so are other markets", () => {
  expect(what({ ...BACKTEST, endDate: "2018-12-31" })).toBeUndefined();
  expect(what({ ...BACKTEST, symbol: "ABC" })).toBeUndefined();
  expect(what({ ...BACKTEST, timeframe: "1h" })).toBeUndefined();
});

test("a data load may bring what is moved away, and not the same days on another timeframe", () => {
  const load = {
    kind: "data_load",
    symbol: "SPX",
    timeframe: "1d",
    mode: "tail",
    startDate: null,
    endDate: null,
  } as const;
  expect(what(load)).toBeUndefined();
  expect(what({ ...load, timeframe: "1h" })).toMatch(/1h bars of them would be open/);
  expect(what({ ...load, timeframe: "1h", endDate: "2018-12-31" })).toBeUndefined();
  expect(what({ ...load, timeframe: "1h", endDate: "2019-01-01" })).toMatch(/kept as the holdout/);
});
