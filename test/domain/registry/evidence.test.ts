import { describe, expect, test } from "vitest";
import {
  changesBetween,
  gatesOf,
  hashedOf,
  missingOf,
  reachedBy,
  type Reached,
} from "../../../src/domain/registry/evidence.ts";
import type { CampaignOnRecord, CandidateFacts } from "../../../src/domain/registry/facts.ts";
import { runLuck } from "../../../src/domain/luck/run-luck.ts";

const luckAt = (sharpe: number, worthless: string | null = null) =>
  runLuck({
    sharpe,
    ktrdrSharpe: sharpe,
    returns: 1_207,
    trades: 42,
    trials: 10,
    symbol: "SPX",
    deviation: null,
    worthless,
  });

/** A candidate that shows everything. */
function shown(more: Partial<CandidateFacts> = {}): CandidateFacts {
  return {
    jobId: "backtest-dip",
    strategy: "dip",
    symbol: "SPX",
    timeframe: "1d",
    startDate: "2015-01-02",
    endDate: "2019-12-31",
    trainingJobId: "train-dip",
    commission: 0.001,
    slippage: 0.0005,
    trades: 42,
    sharpe: 2,
    totalReturn: 0.3,
    maxDrawdown: 0.1,
    engine: { name: "sandbox", version: "sandbox-1.0.0" },
    luck: luckAt(2),
    branded: false,
    sample: "after",
    caveats: [{ code: "entry_costs", text: "Trade statistics leave out the entry commission." }],
    lacks: [],
    walks: [{ jobId: "walk-dip", t: 2.5, windows: 8, positive: 6 }],
    costly: [{ jobId: "backtest-costly", commission: 0.002, slippage: 0.001, totalReturn: 0.1 }],
    draws: [1, 2, 1.5, 0.5, -0.2].map((sharpe, at) => ({ jobId: `backtest-draw-${at}`, sharpe })),
    untested: 0,
    measurement: null,
    campaigns: [],
    rejections: [],
    keptFrom: null,
    look: null,
    ...more,
  };
}

const picked = (probability: number | null, loses: number | null, jobId = "c"): CampaignOnRecord => ({
  jobId,
  finalists: 4,
  probability,
  loses,
});

const gateOf = (facts: CandidateFacts, name: string) => gatesOf(facts).find(({ gate }) => gate === name);

test("what shows everything waits for a human", () => {
  const gates = gatesOf(shown());
  expect(reachedBy(gates)).toBe("waiting");
  expect(missingOf(gates)).toEqual([]);
  expect(gates.filter(({ held }) => held === true).every(({ next }) => next === null)).toBe(true);
});

describe("the gates", () => {
  test.each<[string, Partial<CandidateFacts>, string, boolean | "unknown", Reached]>([
    ["luck of 5 % is enough", { luck: luckAt(1.2) }, "luck", true, "waiting"],
    ["luck above it is not", { luck: luckAt(1) }, "luck", false, "none"],
    ["luck that cannot be told is not", { luck: luckAt(2, "the bars are bad") }, "luck", "unknown", "none"],
    ["30 trades are enough", { trades: 30 }, "trades", true, "waiting"],
    [
      "a human's no to the same rules is told, and decides nothing",
      { rejections: [{ jobId: "backtest-old", strategy: "old", reason: "No." }] },
      "rejections",
      false,
      "waiting",
    ],
    ["29 are not", { trades: 29 }, "trades", false, "none"],
    ["a brand", { branded: true }, "no_look_ahead", false, "none"],
    ["in-sample", { sample: "within" }, "out_of_sample", false, "none"],
    ["days before those of its training", { sample: "before" }, "out_of_sample", false, "none"],
    [
      "what somebody insisted on",
      { caveats: [{ code: "insisted", text: "INSISTED ON although found wrong (x)." }] },
      "sound",
      false,
      "none",
    ],
    ["other caveats", { caveats: [{ code: "few_trades", text: "Few." }] }, "sound", true, "waiting"],
    ["days of a training that nobody knows", { sample: "unknown" }, "out_of_sample", "unknown", "none"],
    ["a record with a hole", { lacks: ["its strategy's text"] }, "record", false, "none"],
    ["no walk-forward", { walks: [] }, "walk_forward", "unknown", "candidate"],
    ["t of 2", { walks: [{ jobId: "w", t: 2, windows: 8, positive: 5 }] }, "walk_forward", true, "waiting"],
    ["t below", { walks: [{ jobId: "w", t: 1.99, windows: 8, positive: 8 }] }, "walk_forward", false, "candidate"],
    ["t of nothing", { walks: [{ jobId: "w", t: null, windows: 8, positive: 8 }] }, "walk_forward", false, "candidate"],
    [
      "half the windows",
      { walks: [{ jobId: "w", t: 3, windows: 8, positive: 4 }] },
      "walk_forward",
      false,
      "candidate",
    ],
    ["no costlier run", { costly: [] }, "doubled_costs", "unknown", "candidate"],
    [
      "a loss at twice the costs",
      { costly: [{ jobId: "c", commission: 0.002, slippage: 0.001, totalReturn: 0 }] },
      "doubled_costs",
      false,
      "candidate",
    ],
    ["no costs at all", { commission: 0, slippage: 0 }, "doubled_costs", false, "candidate"],
    ["less commission than is usual", { commission: 0.0009 }, "doubled_costs", false, "candidate"],
    ["less slippage than is usual", { slippage: 0.0004 }, "doubled_costs", false, "candidate"],
    ["four draws", { draws: shown().draws.slice(1) }, "draws", "unknown", "candidate"],
    [
      "two of five draws below",
      { draws: [1, 1, 1, -1, -1].map((sharpe, at) => ({ jobId: `d${at}`, sharpe })) },
      "draws",
      false,
      "candidate",
    ],
    [
      "draws that never traded are below",
      { draws: [1, 1, 1, null, null].map((sharpe, at) => ({ jobId: `d${at}`, sharpe })) },
      "draws",
      false,
      "candidate",
    ],
    ["a model that is proven", { measurement: { jobId: "m", differs: 0, caveats: [] } }, "model", true, "waiting"],
    [
      "a measurement that weakens it decides nothing",
      { measurement: { jobId: "m", differs: 0, caveats: [{ code: "autocorrelation", text: "It is 2." }] } },
      "model",
      true,
      "waiting",
    ],
    ["a model that differs", { measurement: { jobId: "m", differs: 3, caveats: [] } }, "model", false, "candidate"],
    ["a model that nobody measured", { measurement: null }, "model", "unknown", "waiting"],
    ["a campaign of 20 %", { campaigns: [picked(0.2, 0.5)] }, "overfitting", true, "waiting"],
    ["a campaign above", { campaigns: [picked(0.21, 0.06)] }, "overfitting", false, "candidate"],
    ["one above whose choice earns elsewhere", { campaigns: [picked(0.8, 0.05)] }, "overfitting", true, "waiting"],
    ["a campaign that tells nothing", { campaigns: [picked(null, null)] }, "overfitting", "unknown", "candidate"],
    [
      "a campaign of one finalist",
      { campaigns: [{ ...picked(null, null), finalists: 1 }] },
      "overfitting",
      true,
      "waiting",
    ],
    ["no campaign", { campaigns: [] }, "overfitting", "unknown", "waiting"],
    ["no holdout", { keptFrom: null }, "holdout", "unknown", "waiting"],
    ["a holdout without a look", { keptFrom: "2020-01-01" }, "holdout", "unknown", "validated"],
    ["an open look", { keptFrom: "2020-01-01", look: { jobId: "h", passed: null } }, "holdout", "unknown", "validated"],
    [
      "a look that failed",
      { keptFrom: "2020-01-01", look: { jobId: "h", passed: false } },
      "holdout",
      false,
      "validated",
    ],
    ["a look that passed", { keptFrom: "2020-01-01", look: { jobId: "h", passed: true } }, "holdout", true, "waiting"],
  ])("%s", (_, more, name, held, reached) => {
    const facts = shown(more);
    const gate = gateOf(facts, name);
    expect([gate?.held, reachedBy(gatesOf(facts))]).toEqual([held, reached]);
    expect(gate?.next === null).toBe(held === true);
  });

  test("of several walk-forwards the middle one counts, the worse of two", () => {
    const walk = (jobId: string, t: number) => ({ jobId, t, windows: 8, positive: 6 });
    expect(gateOf(shown({ walks: [walk("good", 3), walk("bad", 1)] }), "walk_forward")).toMatchObject({
      held: false,
      from: ["bad"],
    });
    expect(gateOf(shown({ walks: [walk("good", 3), walk("bad", 1), walk("fair", 2)] }), "walk_forward")).toMatchObject({
      held: true,
      from: ["fair"],
    });
  });

  test("of several campaigns the worst counts, and one that tells nothing is the worst", () => {
    const [sound, worse, silent] = [picked(0.7, 0, "a"), picked(0.4, 0.2, "b"), picked(null, null, "c")];
    const of = (...campaigns: CampaignOnRecord[]) => gateOf(shown({ campaigns }), "overfitting");
    expect(of(sound, worse)).toMatchObject({ held: false, from: ["b"] });
    expect(of(sound, silent, worse)).toMatchObject({ held: "unknown", from: ["c"] });
  });

  test("say what it pays, its caveats, and how many draws nobody tested", () => {
    expect(gateOf(shown(), "doubled_costs")).toMatchObject({
      says: "It pays 0.1 % commission and 0.05 % slippage a fill. At 0.2 % commission and 0.1 % slippage a fill it returns 10.00 %; more than 0 is needed.",
      figures: { commission: 0.001, slippage: 0.0005, paidCommission: 0.002, paidSlippage: 0.001 },
    });
    const weak = { code: "autocorrelation", text: "By blocks it is 2.92." };
    const measurement = {
      jobId: "m",
      differs: 0,
      caveats: [weak, { code: "points_missing", text: "Two are missing." }],
    };
    expect(gateOf(shown({ measurement }), "model")).toMatchObject({
      figures: { warns: "autocorrelation" },
      says: "Its model, computed again, gives every recorded figure. By blocks it is 2.92.",
    });
    expect(gateOf(shown(), "sound")).toMatchObject({ figures: { insisted: false, caveats: "entry_costs" } });
    expect(gateOf(shown({ untested: 7 }), "draws")).toMatchObject({
      says: expect.stringMatching(/7 more were trained, and not backtested like it\.$/),
      figures: { untested: 7 },
    });
  });

  test("say the call that supplies what is missing", () => {
    expect(gateOf(shown({ costly: [] }), "doubled_costs")?.next).toBe(
      'run_backtest {"model": "train-dip", "start_date": "2015-01-02", "end_date": "2019-12-31", "commission": 0.002, "slippage": 0.001}',
    );
    expect(gateOf(shown(), "model")?.next).toBe('measure_equity {"task_id": "backtest-dip"}');
  });
});

describe("what is hashed", () => {
  const text = (facts: CandidateFacts) => JSON.stringify(hashedOf(facts.jobId, gatesOf(facts)));

  test("changes with a figure or a source, and not with the order in which draws are read", () => {
    const draws = shown().draws.toReversed();
    expect(text(shown({ draws }))).toBe(text(shown()));
    expect(text(shown({ trades: 43 }))).not.toBe(text(shown()));
    expect(text(shown({ walks: [{ jobId: "walk-other", t: 2.5, windows: 8, positive: 6 }] }))).not.toBe(text(shown()));
    expect(text(shown({ jobId: "backtest-other" }))).not.toBe(text(shown()));
  });

  test("and what changed is said", () => {
    const more = { luck: { ...luckAt(2), trials: 11 }, measurement: { jobId: "m", differs: 2, caveats: [] } };
    expect(changesBetween(gatesOf(shown()), gatesOf(shown(more)))).toEqual([
      "luck: trials was 10 and is 11",
      "model: held was unknown and is false, differs was null and is 2",
    ]);
    const walks = [{ jobId: "walk-other", t: 2.5, windows: 8, positive: 6 }];
    expect(changesBetween(gatesOf(shown()), gatesOf(shown({ walks })))).toEqual([
      "walk_forward: it comes from other jobs",
    ]);
  });
});
