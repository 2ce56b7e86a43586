import { describe, expect, test } from "vitest";
import { cannotCount, judge, type AttachedRun, type NewExperiment } from "../../src/domain/experiment.ts";
import { FIGURES, FIGURE_NAMES } from "../../src/domain/results/figures.ts";
import type { BacktestResult } from "../../src/domain/kinds/backtest.ts";
import type { JobRequest } from "../../src/domain/kinds/index.ts";
import { batchRequest } from "../support/batches.ts";
import { BACKTEST, TRAINING } from "../support/job-inputs.ts";
import { backtestResult, trainingResult } from "../support/job-records.ts";

const EXPERIMENT: NewExperiment = {
  hypothesis: "it pays",
  metric: "sharpe",
  direction: "at_least",
  threshold: 1.5,
  runs: 3,
  sample: { symbol: "SPX", timeframe: "1d", startDate: "2015-01-01", endDate: "2019-12-31" },
};

type Job = NonNullable<AttachedRun["job"]>;

function backtest(
  jobId: string,
  sharpe: number,
  more: Partial<BacktestResult> = {},
  job: Partial<Job> = {},
): AttachedRun {
  const result = backtestResult({ sharpe, modelPath: `models/${jobId}`, ...more });
  return {
    jobId,
    attachedAt: "2026-01-01T00:00:00.000Z",
    job: {
      kind: "backtest",
      status: "completed",
      symbol: result.symbol,
      timeframe: result.timeframe,
      finishedAt: "2026-01-01T00:01:00.000Z",
      trainedOn: { startDate: "2000-01-03", endDate: "2014-12-31" },
      ...job,
    },
    result,
  };
}

const judged = (runs: readonly AttachedRun[], more: Partial<NewExperiment> = {}, trials = 0) =>
  judge({ ...EXPERIMENT, ...more }, runs, trials);
const three = [backtest("a", 1.4), backtest("b", 1.6), backtest("c", 1.9)];

describe("the judgement of an experiment", () => {
  test("is by the median of the runs, on the side of the threshold that was written down", () => {
    expect(judged(three)).toMatchObject({
      verdict: "supported",
      value: { median: 1.6, min: 1.4, max: 1.9, n: 3 },
      meet: 2,
      leftOut: [],
    });
    expect(judged(three, { threshold: 1.7 }).verdict).toBe("not_supported");
    expect(judged(three, { direction: "at_most" }).verdict).toBe("not_supported");
    expect(judged(three, { threshold: 1.6 }).verdict).toBe("supported");
    expect(judged(three, { threshold: 1.6, direction: "at_most" }).verdict).toBe("supported");
  });

  test.each<[string, Partial<BacktestResult>]>([
    ["1d, 2015-01-02 to 2017-12-29", { endDate: "2017-12-29" }],
    ["commission 0, slippage", { commission: 0 }],
    ["capital 5000", { initialCapital: 5_000 }],
    ["ktrdr 1.0.7.2", { engine: { name: "ktrdr", version: "1.0.7.2" } }],
  ])("says that its median mixes runs: %s", (named, other) => {
    const { caveats, value } = judged([backtest("a", 1.4), backtest("b", 1.6), backtest("c", 1.9, other)]);
    expect(value?.n).toBe(3);
    expect(caveats[0]).toMatch(/^The runs that count are not alike \(.*\): the median mixes them\.$/);
    expect(caveats[0]).toContain(named);
    expect(String(judged(three).caveats)).not.toContain("not alike");
  });

  test("does not wait for luck: the first runs decide, and fewer decide nothing", () => {
    const bad = [backtest("a", 0.1), backtest("b", 0.2), backtest("c", 0.3)];
    const tuned = [...bad, backtest("d", 2), backtest("e", 3), backtest("f", 4)];
    expect(judged(tuned)).toMatchObject({ verdict: "not_supported", value: { median: 0.2 } });
    expect(judged(tuned).leftOut).toEqual(["d", "e", "f"].map((jobId) => ({ jobId, why: "more than were announced" })));
    expect(judged(three.slice(0, 2))).toMatchObject({ verdict: "inconclusive", value: { n: 2 } });
    expect(judged([])).toMatchObject({ verdict: "inconclusive", value: null, caveats: [] });
  });

  test.each<[string, AttachedRun, string]>([
    ["known before it was attached", backtest("x", 9, {}, { finishedAt: "2025-12-31T23:59:59.000Z" }), "known before"],
    ["that never began", { ...backtest("x", 9), job: null, result: null }, "not begun"],
    [
      "that has not ended",
      { ...backtest("x", 9, {}, { status: "open", finishedAt: null }), result: null },
      "not ended",
    ],
    ["that failed", { ...backtest("x", 9, {}, { status: "failed" }), result: null }, "failed"],
    ["that was cancelled", { ...backtest("x", 9, {}, { status: "cancelled" }), result: null }, "cancelled"],
    ["on another symbol", backtest("x", 9, { symbol: "TREND" }), "on TREND 1d"],
    ["on another timeframe", backtest("x", 9, { timeframe: "1h" }), "on SPX 1h"],
    ["that begins before the sample", backtest("x", 9, { startDate: "2014-12-31" }), "not inside the sample"],
    ["that ends after the sample", backtest("x", 9, { endDate: "2020-01-02" }), "not inside the sample"],
    ["that saw the future", backtest("x", 9, { caveats: [{ code: "looks_ahead", text: "x" }] }), "saw the future"],
    ["on bad bars", backtest("x", 9, { caveats: [{ code: "bad_bars", text: "x" }] }), "its bars are bad"],
    ["in-sample", backtest("x", 9, {}, { trainedOn: { startDate: "2000-01-03", endDate: "2016-01-01" } }), "in-sample"],
    ["of a model that is not known", backtest("x", 9, {}, { trainedOn: null }), "not known which days"],
    ["that says the same once more", backtest("x", 1.4, { modelPath: "models/a" }), "the same backtest as a"],
    ["of another kind", { ...backtest("x", 9, {}, { kind: "training" }), result: trainingResult() }, "a training"],
  ])("leaves out a run %s", (_name, run, why) => {
    const [first, ...rest] = three;
    const { leftOut, value } = judged([first as AttachedRun, run, ...rest]);
    expect(value?.median).toBe(1.6);
    expect(leftOut).toEqual([{ jobId: "x", why: expect.stringContaining(why) }]);
  });

  test("says when the distance from the threshold is what chance alone does, and what one draw is worth", () => {
    // Over five years the standard error of a Sharpe ratio is about 1 / sqrt(5).
    expect(judged(three).caveats).toEqual([
      "The standard error of a Sharpe ratio over these dates is 0.45; the distance from the threshold, 0.10, is well within what chance alone does.",
    ]);
    expect(judged(three, { threshold: -2 }).caveats[0]).toContain("more than chance alone usually does");
    expect(judged(three, { runs: 1 }).caveats[0]).toContain("one random draw");
    expect(judged(three, { metric: "trades" }).caveats).toEqual([]);
  });

  test("does not call luck an edge: all that was tried on these days counts", () => {
    expect(judged(three)).toMatchObject({ verdict: "supported", because: null, luck: { trials: 3 } });
    const late = judged(three, {}, 250);
    expect(late).toMatchObject({ verdict: "not_supported", luck: { trials: 250 } });
    expect(late.luck?.probability).toBeCloseTo(0.0583, 4);
    expect(late.because).toMatch(/^luck explains it: the best of 250 worthless strategies .* Sharpe of 1.60 in 5.8 %/);
    // What claims no skill is not held against luck.
    expect(judged(three, { direction: "at_most", threshold: 3 }, 250)).toMatchObject({
      verdict: "supported",
      luck: null,
    });
    expect(judged(three, { metric: "max_drawdown", direction: "at_most" }, 250)).toMatchObject({
      verdict: "supported",
    });
  });

  test("does not call holding's loss a skill: without trades nothing is shown", () => {
    const held = { totalReturn: -0.3, annualReturn: -0.07, sharpe: -0.81, maxDrawdown: 0.4, bars: 1_208 };
    const idle = (jobId: string) =>
      backtest(jobId, 0, { trades: 0, totalReturn: 0, buyAndHold: held, raw: { sharpe_ratio: 0 } });
    const found = judged([idle("a"), idle("b"), idle("c")], { metric: "excess_sharpe", threshold: 0.2 });
    expect(found).toMatchObject({ verdict: "cannot_be_told", value: { median: 0.81 }, sharpe: { median: 0 } });
    expect(found.because).toContain("made 0 trades");
    const few = [backtest("a", 1.4, { trades: 29 }), backtest("b", 1.6, { trades: 29 }), backtest("c", 1.9)];
    expect(judged(few).verdict).toBe("cannot_be_told");
    const losing = { buyAndHold: { ...held, sharpe: -3 } };
    const worse = [backtest("a", -1, losing), backtest("b", -1.1, losing), backtest("c", -0.9, losing)];
    expect(judged(worse, { metric: "excess_sharpe", threshold: 1 })).toMatchObject({
      verdict: "not_supported",
      sharpe: { median: -1 },
      because: expect.stringContaining("luck explains it"),
    });
  });

  test("of a figure of trainings counts trainings", () => {
    const run = (jobId: string, testAccuracy: number | null): AttachedRun => ({
      ...backtest(jobId, 0, {}, { kind: "training", trainedOn: null }),
      result: trainingResult({ testAccuracy, startDate: "2015-01-02", endDate: "2018-01-02" }),
    });
    const runs = [run("a", 0.5), run("b", null), run("c", 0.6), run("d", 0.7)];
    expect(judged(runs, { metric: "test_accuracy", threshold: 0.5 })).toMatchObject({
      verdict: "supported",
      value: { median: 0.6 },
      leftOut: [{ jobId: "b", why: "has no test_accuracy" }],
    });
  });
});

test("every figure is there in a whole result of its kind, and in no other", () => {
  for (const name of FIGURE_NAMES) {
    const { kind, of } = FIGURES[name];
    const regression = name === "directional_accuracy" || name === "mae";
    const training = trainingResult(regression ? { regression, mae: 0.01 } : {});
    expect(of(kind === "backtest" ? backtestResult() : training), name).toEqual(expect.any(Number));
    expect(of(kind === "backtest" ? trainingResult() : backtestResult()), name).toBeNull();
  }
  expect(FIGURES.excess_sharpe.of(backtestResult({ sharpe: 1 }))).toBeCloseTo(0.24);
  expect(FIGURES.excess_sharpe.of(backtestResult({ buyAndHold: null }))).toBeNull();
});

describe("a run that can never count", () => {
  const inside = BACKTEST;
  test.each<[string, JobRequest, string | null]>([
    ["a backtest inside the sample", inside, null],
    ["another symbol", { ...inside, symbol: "TREND" }, "it is on TREND 1d"],
    ["another timeframe", { ...inside, timeframe: "1h" }, "it is on SPX 1h"],
    ["a day too early", { ...inside, startDate: "2014-12-31" }, "its days are not inside 2015-01-01 to 2019-12-31"],
    ["a day too late", { ...inside, endDate: "2020-01-01" }, "its days are not inside 2015-01-01 to 2019-12-31"],
    ["a training, whose model is backtested later", TRAINING, null],
    ["a batch, whose items differ", batchRequest(1), null],
  ])("%s", (_name, request, why) => {
    expect(cannotCount(EXPERIMENT, request)).toBe(why);
  });

  test("a backtest where a figure of trainings decides", () => {
    const why = "it is a backtest, and test_accuracy is a figure of a training";
    expect(cannotCount({ ...EXPERIMENT, metric: "test_accuracy" }, inside)).toBe(why);
  });
});
