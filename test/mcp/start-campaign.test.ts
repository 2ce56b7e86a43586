import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { EXAMPLE_NAME, EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { createHoldoutStore } from "../../src/store/holdouts.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { createResearchControl } from "../../src/store/research-control.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

const PERIOD = { op: "set_parameter", target: "dip.period", int: [3, 21] };
const RATE = { op: "set_training", target: "learning_rate", log: [0.0003, 0.01] };
const WISH = {
  strategy: "one",
  train: ["2001-01-02", "2010-12-31"],
  test: ["2011-01-03", "2015-12-31"],
  dimensions: [PERIOD, RATE],
  trainings: 300,
};

const named = (name: string, ...[from = "", to = ""]: string[]) =>
  EXAMPLE_STRATEGY.replace(`name: ${EXAMPLE_NAME}`, `name: ${name}`).replace(from, to);

let stack: Stack;
let pool: Pool;
beforeAll(async () => {
  stack = await startStack({ temporal: true, ktrdr: true, limits: { openJobs: { perClient: 40, all: 0 } } });
  pool = createPool(stack.databaseUrl);
  await stack.strategies.write("one", named("one"), { overwrite: true });
  await stack.strategies.write("ignored", named("ignored", "rsi, period: 5", "rsi, period: 5, length: 3"), {
    overwrite: true,
  });
  await stack.strategies.write("seer", named("seer", "{type: rsi, period: 5}", "{type: zigzag, threshold: 0.05}"), {
    overwrite: true,
  });
});
afterAll(async () => {
  await pool?.end();
  await stack?.stop();
});

const start = async (args: Record<string, unknown> = {}) => await stack.ask("start_campaign", { ...WISH, ...args });
const refused = async (args: Record<string, unknown>) => await stack.refused("start_campaign", { ...WISH, ...args });
async function requestOf(taskId: unknown): Promise<Record<string, unknown>> {
  const { events } = await stack.temporal().client.workflow.getHandle(String(taskId)).fetchHistory();
  const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
  return (JSON.parse(Buffer.from(payload ?? "{}").toString()) as { request: Record<string, unknown> }).request;
}
const one = (dimension: Record<string, unknown>) => ({ dimensions: [dimension] });

describe("start_campaign", () => {
  test("says what its budget pays, and the same call finds the same job", async () => {
    const answer = await start();
    expect(answer).toMatchObject({
      task_id: expect.stringMatching(/^campaign-one-[0-9a-f]{8}$/),
      kind: "campaign",
      existing: false,
      plan: {
        dimensions: ["dip.period", "training.learning_rate"],
        space: "infinite",
        rungs: ["4 epochs, 1 draw", "12 epochs, 2 draws", "40 epochs, 3 draws"],
        trainings_for_search: 300 - 4 * (2 + 6 * 3),
        trainings_for_finalists: 4 * (2 + 6 * 3),
        finalists: 4,
        trials: 4 * 7,
      },
      power: expect.stringContaining("with 28 more"),
      warnings: [],
    });
    const known = await start();
    expect(known).toMatchObject({ task_id: answer["task_id"], existing: true });
    // Nothing of it is planned or tried anew.
    for (const field of ["plan", "power"]) expect(known).not.toHaveProperty(field);
    const request = await requestOf(answer["task_id"]);
    expect(request).toMatchObject({
      kind: "campaign",
      strategy: "one",
      symbol: "SPX",
      startDate: "2011-01-03",
      train: { startDate: "2001-01-02", endDate: "2010-12-31" },
      budget: { trainings: 300, trials: 28, hours: null, deadline: null },
      epochs: 40,
    });
    const { windows } = request["walk"] as { windows: { test: { endDate: string } }[] };
    expect(windows).toHaveLength(6);
    expect(windows.at(-1)?.test.endDate).toBe("2015-12-31");
    const again = await start({ force_new_reason: "to see what other draws find" });
    expect(again).toMatchObject({ existing: false });
    expect(again["task_id"]).not.toBe(answer["task_id"]);
    expect((await start({ seed: 2 }))["task_id"]).not.toBe(answer["task_id"]);
  });

  test("plans fewer finalists when its trials pay fewer, and none of what is not asked for", async () => {
    expect(await start({ trials: 15 })).toMatchObject({ plan: { finalists: 2, trials: 14 } });
    expect(await start({ walk_windows: 0, commission: 0, slippage: 0, trainings: 30, draws: 3 })).toMatchObject({
      plan: { trainings_for_finalists: 0, trials: 12 },
      warnings: expect.arrayContaining([
        "No finalist can become a candidate for a human as it is: it needs 5 draws (draws is 3) and a walk-forward (walk_windows is 0).",
      ]),
    });
    expect(await start(one(PERIOD))).toMatchObject({ plan: { space: 19 } });
  });

  test("leaves out what the labels of any point look ahead", async () => {
    const labels = "labels: {source: triple_barrier, max_holding_period: 5}";
    const text = named("barriers").replace(/labels:[^\n]*/, labels);
    await stack.strategies.write("barriers", text, { overwrite: true });
    const dimension = { op: "set_labels", target: "max_holding_period", choice: [5, 23] };
    const { task_id } = await start({ strategy: "barriers", ...one(dimension) });
    expect(await requestOf(task_id)).toMatchObject({ walk: { gap: 23 } });
  });

  test("warns of a test that ends before anything is traded", async () => {
    expect(await start({ test: ["2011-01-03", "2011-02-10"] })).toMatchObject({
      warnings: [expect.stringMatching(/about \d+ bars; the first 50 are warm-up/)],
    });
  });

  test("needs a reason for errors of the base, and keeps it", async () => {
    expect(await refused({ strategy: "ignored" })).toMatch(/strategy_invalid.*length.*insist_reason/);
    const { task_id } = await start({ strategy: "ignored", insist_reason: "its default is what I want" });
    expect(await requestOf(task_id)).toMatchObject({
      insisted: [{ codes: ["unknown_parameter"], reason: "its default is what I want" }],
    });
  });

  test("a base that looks ahead is refused, and branded when it is accepted", async () => {
    const wish = { strategy: "seer", ...one(RATE) };
    expect(await refused(wish)).toMatch(/repaints.*accept_look_ahead/s);
    const answer = await start({ ...wish, accept_look_ahead: "a ceiling to compare with" });
    expect(answer["warnings"]).toEqual(expect.arrayContaining([expect.stringMatching(/Insisted on: .*repaints/)]));
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ["no dimension", { dimensions: [] }, /dimensions: at least 1 entries/],
    [
      "a dimension without a range",
      one({ ...PERIOD, int: undefined }),
      /Dimension 1 .*it has no range.*int: \[5, 40\]/,
    ],
    ["an empty range", one({ ...PERIOD, int: [5, 5] }), /int \[5, 5\] is empty/],
    ["a reversed range", one({ ...PERIOD, int: [21, 3] }), /int \[21, 3\] is empty.*from < to/],
    ["an infinite range", one({ ...RATE, log: [1e-3, 1e300] }), /is not finite/],
    ["two ranges", one({ ...PERIOD, float: [1, 2] }), /several ranges: int, float/],
    [
      "the same twice",
      { dimensions: [PERIOD, PERIOD] },
      /Dimension 2 .*dimension 1 .*changes indicators.dip.period too/,
    ],
    [
      "dimensions that undo each other",
      { dimensions: [PERIOD, { op: "replace_indicator", target: "dip", choice: [{ type: "rsi", period: 3 }] }] },
      /Dimension 2 .*changes indicators.dip too/,
    ],
    [
      "a market",
      one({ op: "set", target: "training_data.symbols.symbol", choice: ["SPX", "SYNTREND"] }),
      /a market is no dimension.*a campaign for each market/,
    ],
    ["what the base has not", one({ ...PERIOD, target: "dap.period" }), /no dap in indicators.*dip, trend or force/],
    [
      "a dimension that breaks every point",
      { dimensions: [RATE, { op: "set_parameter", target: "trend.period", int: [5000, 9000] }] },
      /trend\.period breaks the strategy at every value.*bars are too few/,
    ],
    [
      "an indicator that repaints",
      one({ op: "replace_indicator", target: "dip", choice: [{ type: "zigzag", threshold: 0.05 }] }),
      /dip breaks the strategy at every value.*repaints/,
    ],
    [
      "labels by a range of numbers",
      one({ op: "set_labels", target: "zigzag_threshold", float: [0.01, 0.05] }),
      /changes what a loss measures by.*at most 6 settings/,
    ],
  ])("refuses %s", async (_, args, why) => {
    expect(await refused(args)).toMatch(why);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ["no trainings", { trainings: 0 }, /trainings: at least 1 \(given 0\)/],
    ["a billion trainings", { trainings: 1e9 }, /trainings: at most 2000/],
    ["no trials", { trials: 0 }, /trials: at least 1/],
    ["a billion trials", { trials: 1e9 }, /trials: at most 500/],
    ["no hours", { hours: 0 }, /hours: more than 0/],
    [
      "too few trainings",
      { trainings: 20 },
      /20 trainings are too few: this campaign needs 88 or more\. Why: 80 are kept/,
    ],
    [
      "too few trials",
      { trials: 3 },
      /3 trials are too few: this campaign needs 7 or more\. Why: one finalist takes 7/,
    ],
    ["a deadline in the past", { deadline: "2020-01-01T00:00:00Z" }, /deadline 2020-01-01T00:00:00Z has passed/],
    [
      "a deadline without its hour",
      { deadline: "2120-01-01" },
      /deadline: a moment is written as 2026-01-31T06:00:00Z/,
    ],
    ["three windows", { walk_windows: 3 }, /walk_windows: 0, or 4 to 12/],
    [
      "too few years for the windows",
      { train: ["2001-01-02", "2001-06-29"], test: ["2001-07-02", "2001-12-31"], walk_windows: 12 },
      /248 bars are too few for 12 windows: 900 would do, about 3\.6 years/,
    ],
    [
      "a test that begins before the training ends",
      { test: ["2010-12-31", "2012-12-31"] },
      /The test must begin after the training ends\..*both days count/,
    ],
    ["a test before the training", { test: ["2000-01-03", "2000-12-29"] }, /The test must begin after/],
    ["training days the wrong way round", { train: ["2010-12-31", "2001-01-02"] }, /The days of train end before/],
    ["test days the wrong way round", { test: ["2015-12-31", "2011-01-03"] }, /The days of test end before/],
    ["one date", { train: ["2001-01-02"] }, /train: two dates/],
    ["days without bars", { test: ["2011-01-03", "2091-01-02"] }, /do not cover.*end_date to 2020-04-17/],
    ["an unknown strategy", { strategy: "nobody" }, /strategy_not_found.*one/],
  ])("refuses %s", async (_, args, why) => {
    expect(await refused(args)).toMatch(why);
  });
});

describe("what the operator decides", () => {
  const limit = async (trials: number | null) =>
    await createLedger(pool).setLimit({ symbol: "SPX", limit: trials, reason: "enough", by: "operator test" });
  const research = () => createResearchControl(pool);
  afterEach(async () => {
    await limit(null);
    await research().resume();
  });

  test("trials that run short are warned of, and refuse a campaign that could test nothing", async () => {
    await limit(10);
    expect(await start({ seed: 3 })).toMatchObject({
      warnings: [
        "The operator's limit leaves 10 more backtests on SPX, and 28 are planned: fewer finalists are tested.",
      ],
    });
    await limit(6);
    expect(await refused({ seed: 4 })).toMatch(/^\[trials_used_up .*leaves 6 more.*one finalist takes 7: nothing was/);
    await limit(0);
    expect(await refused({ seed: 4 })).toMatch(/^\[trials_used_up .*limit of backtests on SPX is reached/);
    expect(await start({ seed: 3 })).toMatchObject({ existing: true });
  });

  test("paused research refuses a new one, and answers a known one", async () => {
    await research().pause("KTRDR is being moved");
    expect(await refused({ seed: 5 })).toMatch(/^\[research_paused .*KTRDR is being moved/);
    expect(await start()).toMatchObject({ existing: true });
  });
});

test("a holdout is neither trained on nor tested on", async () => {
  const kept = await startStack({ temporal: true, ktrdr: true });
  const store = createPool(kept.databaseUrl);
  try {
    await createHoldoutStore(store).add({
      symbol: "SPX",
      timeframe: "1d",
      startDate: "2014-01-02",
      alpha: 0.05,
      years: 5,
      firstDay: "2013-10-21",
      lastDay: "2019-12-31",
      bytes: 1_000,
      sha256: "0".repeat(64),
      setBy: "operator test",
    });
    await kept.strategies.write("peeks", named("peeks", "symbol: SPX}", "symbol: SPX.HOLDOUT}"), { overwrite: true });
    expect(await kept.refused("start_campaign", { ...WISH, strategy: "peeks" })).toMatch(/^\[holdout_locked /);
    const wish = { ...WISH, strategy: kept.strategy };
    expect(await kept.refused("start_campaign", wish)).toMatch(/SPX 1d ends on 2014-01-01: .*kept as the holdout/);
    expect(await kept.ask("start_campaign", { ...wish, test: ["2011-01-03", "2013-12-31"] })).toMatchObject({
      existing: false,
    });
  } finally {
    await store.end();
    await kept.stop();
  }
});

test("no more are open than one client may have", async () => {
  const small = await startStack({ temporal: true, ktrdr: true, limits: { openJobs: { perClient: 1, all: 0 } } });
  try {
    const wish = { ...WISH, strategy: small.strategy };
    await small.ask("start_campaign", wish);
    expect(await small.refused("start_campaign", { ...wish, seed: 2 })).toMatch(/^\[too_many_jobs .*1 open job/);
    expect(await small.ask("start_campaign", wish)).toMatchObject({ existing: true });
  } finally {
    await small.stop();
  }
});

test("while KTRDR is down nothing begins, and the answer says so", async () => {
  const down = await startStack({ temporal: true });
  try {
    const answer = await down.refused("start_campaign", { ...WISH, strategy: down.strategy });
    expect(answer).toMatch(/^\[ktrdr_unavailable /);
  } finally {
    await down.stop();
  }
});
