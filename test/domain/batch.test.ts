import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isProof, itemsOf, prefixOf, sizeOf } from "../../src/domain/batch.ts";
import { batchRequest, measurementRequest } from "../support/batches.ts";
import { BACKTEST } from "../support/job-inputs.ts";

const PERIOD = {
  train: { startDate: "2000-01-03", endDate: "2005-12-30" },
  test: { startDate: "2006-01-02", endDate: "2008-12-31" },
};

describe("the items of a batch", () => {
  test("are all combinations, what belongs together one after the other", () => {
    const items = itemsOf(batchRequest(2, { work: "both", draws: 2, periods: [PERIOD, PERIOD] }));
    expect(items.map(({ n, training }) => [n, training?.strategy, training?.draw])).toEqual([
      [0, "s0", 1],
      [1, "s0", 2],
      [2, "s0", 1],
      [3, "s0", 2],
      [4, "s1", 1],
      [5, "s1", 2],
      [6, "s1", 1],
      [7, "s1", 2],
    ]);
    expect(items[0]?.backtest).toMatchObject({ ...PERIOD.test, strategy: "s0", commission: 0.001, modelPath: null });
  });

  test("of training alone have no backtest, of models no training", () => {
    expect(itemsOf(batchRequest(1))[0]).toMatchObject({ training: { startDate: "2000-01-03" }, backtest: null });
    const model = {
      strategy: "a",
      symbol: "SPX",
      timeframe: "1d",
      modelPath: "models/a/1d_v1",
      trainingJobId: "train-a-1",
    };
    const items = itemsOf(batchRequest(0, { work: "backtest", models: [model, model], periods: [PERIOD] }));
    expect(items).toHaveLength(2);
    expect(items[1]).toMatchObject({ n: 1, training: null, backtest: { ...model, ...PERIOD.test, kind: "backtest" } });
  });

  test("of a measurement are the prefixes, the whole backtest last", () => {
    const request = measurementRequest(3);
    const items = itemsOf(request);
    expect(sizeOf(request)).toBe(3);
    expect(items.map(({ n, training, backtest }) => [n, training, backtest?.endDate])).toEqual([
      [0, null, "2019-12-29"],
      [1, null, "2019-12-30"],
      [2, null, "2019-12-31"],
    ]);
    const { kind: _kind, ends: _ends, ...measured } = request;
    expect(items[2]?.backtest).toEqual({ ...measured, kind: "backtest", measures: "backtest-measured-1" });
    expect(items.map(({ n }) => isProof(request, n))).toEqual([false, false, true]);
    expect(isProof(batchRequest(3), 2)).toBe(false);
    expect(prefixOf({ ...BACKTEST, measures: "backtest-measured-1" })).toBe("backtest-measured-1");
    expect([prefixOf(BACKTEST), prefixOf(request)]).toEqual([null, null]);
  });

  test("are as many as is said beforehand", () => {
    const works = fc.constantFrom("train" as const, "both" as const, "backtest" as const);
    fc.assert(
      fc.property(fc.nat(9), fc.nat(5), fc.integer({ min: 1, max: 6 }), works, (parts, periods, draws, work) => {
        const model = { strategy: "a", symbol: "S", timeframe: "1d", modelPath: "m", trainingJobId: null };
        const request = batchRequest(work === "backtest" ? 0 : parts, {
          work,
          draws,
          periods: Array.from({ length: periods }, () => PERIOD),
          models: work === "backtest" ? Array.from({ length: parts }, () => model) : [],
        });
        const items = itemsOf(request);
        expect(items).toHaveLength(sizeOf(request));
        expect(items.map(({ n }) => n)).toEqual(items.map((_, at) => at));
      }),
    );
  });
});
