import { describe, expect, test } from "vitest";
import type { TrainingSetRequest } from "../../../src/domain/job.ts";
import { normaliseBacktest } from "../../../src/domain/results/backtest.ts";
import { normaliseDataLoad } from "../../../src/domain/results/data-load.ts";
import { headline } from "../../../src/domain/results/headline.ts";
import { spread, summariseTrainingSet } from "../../../src/domain/results/training-set.ts";
import { normaliseTraining } from "../../../src/domain/results/training.ts";
import { ENGINE, recorded, requestOf, spxBars, TRAINING } from "./recorded.ts";

const { draw: _draw, ...training } = TRAINING;
const SET: TrainingSetRequest = { kind: "training_set", training, repeats: 3 };
const first = normaliseTraining(recorded.trainings.rsi, TRAINING, ENGINE);
const members = [0.61, 0.68, 0.64].map((testAccuracy, index) => ({
  jobId: `train-${index}`,
  result: { ...first, testAccuracy, modelPath: `models/spx_rsi_reversion/1d_v${index + 1}` },
}));

const summarise = (finished: typeof members) =>
  summariseTrainingSet(
    SET,
    members,
    members.map((member) => (finished.includes(member) ? member.result : null)),
    ENGINE,
  );

describe("training sets", () => {
  test("median and spread", () => {
    const result = summarise(members);
    expect(result.testAccuracy).toEqual({ median: 0.64, min: 0.61, max: 0.68, n: 3 });
    expect(result.models.map(({ modelPath }) => modelPath)).toEqual(members.map((member) => member.result.modelPath));
    expect(result.caveats.map(({ code }) => code)).toEqual(["few_draws", "members_have_caveats"]);
  });

  test("one that did not finish is said", () => {
    const result = summarise(members.slice(0, 1));
    expect(result).toMatchObject({ requested: 3, completed: 1, testAccuracy: { median: 0.61, n: 1 } });
    expect(result.caveats[0]).toEqual({
      code: "incomplete_set",
      text: "2 of 3 trainings did not finish; the figures are of the other 1.",
    });
  });

  test("none finished", () => {
    expect(() => summarise([])).toThrow(expect.objectContaining({ code: "computation_failed" }));
  });

  test("unknown figures do not count", () => {
    expect(spread([null, 2, null, 4])).toEqual({ median: 3, min: 2, max: 4, n: 2 });
    expect(spread([null])).toBeNull();
  });
});

describe("data loads", () => {
  const request = {
    kind: "data_load",
    symbol: "SPX",
    timeframe: "1d",
    mode: "full",
    startDate: "2000-01-01",
    endDate: "2020-04-20",
  } as const;
  const after = { startDate: "2000-01-03T00:00:00Z", endDate: "2020-04-17T00:00:00Z", points: 5105 };

  test("bars are counted from what is stored", () => {
    const result = normaliseDataLoad({ rows_downloaded: 105 }, request, after, ENGINE);
    expect(result).toMatchObject({ bars: 5105, barsAdded: 105, caveats: [] });
    expect(headline(result)).toBe("SPX 1d: 5105 bars 2000-01-03 to 2020-04-17, 105 added");
    expect(normaliseDataLoad({}, request, after, ENGINE).barsAdded).toBeNull();
    expect(normaliseDataLoad({ rows_downloaded: "many" }, request, after, ENGINE).barsAdded).toBeNull();
  });

  test("a load that KTRDR lost track of is done only when the stored bars show it", () => {
    const covered = normaliseDataLoad({}, request, after, ENGINE);
    expect(covered.caveats.map(({ code }) => code)).toEqual(["end_unconfirmed"]);
    const lost = expect.objectContaining({ code: "computation_lost" });
    const missing = { ...request, endDate: "2024-01-01" };
    expect(() => normaliseDataLoad({}, missing, after, ENGINE)).toThrow(lost);
    // What was not named cannot be seen to be there.
    expect(() => normaliseDataLoad({}, { ...request, startDate: null }, after, ENGINE)).toThrow(lost);
    expect(() => normaliseDataLoad({}, { ...request, mode: "backfill", startDate: null }, after, ENGINE)).toThrow(lost);
    // A tail is about the end, a backfill about the beginning.
    expect(normaliseDataLoad({}, { ...request, mode: "tail", startDate: null }, after, ENGINE).bars).toBe(5105);
    expect(normaliseDataLoad({}, { ...missing, mode: "backfill" }, { ...after }, ENGINE).bars).toBe(5105);
  });

  test("nothing new and a window that is not covered are said", () => {
    const wide = { ...request, startDate: "1990-01-01", endDate: "2024-01-01" };
    const result = normaliseDataLoad({ rows_downloaded: 0 }, wide, after, ENGINE);
    expect(result.caveats.map(({ code }) => code)).toEqual(["nothing_added", "window_not_covered"]);
    expect(result.caveats[1]?.text).toContain("beginning and the end");
  });

  test.each([
    { ...after, points: 0 },
    { ...after, points: Number.NaN },
    { ...after, startDate: "soon" },
    { ...after, startDate: "2021-01-01" },
  ])("a range that makes no sense: %o", (range) => {
    expect(() => normaliseDataLoad({}, request, range, ENGINE)).toThrow(
      expect.objectContaining({ code: "ktrdr_bad_answer" }),
    );
  });
});

describe("headlines", () => {
  test("of a training and of a set", () => {
    expect(headline(first)).toBe(
      "model of epoch 60 of 60: validation loss 1.014, accuracy 64.3 % (test 68.2 %); the best loss, 1.003 at epoch 55, was not saved; models/spx_rsi_reversion/1d_v1",
    );
    expect(headline(summarise(members))).toBe(
      "3 of 3 trainings; median validation loss 1.014 (1.014 to 1.014), test accuracy 64.0 % (61.0 % to 68.0 %)",
    );
  });

  test("a backtest stands beside buy-and-hold", () => {
    const run = recorded.daily.find(
      ({ strategy_name, start_time }) => strategy_name.includes("macd") && start_time.startsWith("2016"),
    )!;
    const result = normaliseBacktest(run, requestOf(run), spxBars("2016-01-04", "2017-12-29"), ENGINE);
    expect(headline(result)).toMatch(
      /^return 2\.47 %, Sharpe 0\.92, drawdown 1\.9 %, 13 trades; buy-and-hold 3\d\.\d\d %, Sharpe \d\.\d\d$/,
    );
  });
});
