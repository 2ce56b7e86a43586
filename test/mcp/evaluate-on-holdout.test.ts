import { afterAll, beforeAll, expect, test } from "vitest";
import { createHoldoutStore, type HoldoutStore } from "../../src/store/holdouts.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { begun } from "../support/experiments.ts";
import { recordBacktest, recordTraining } from "../support/job-records.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
let pool: Pool;
let holdouts: HoldoutStore;
beforeAll(async () => {
  stack = await startStack({ temporal: true });
  pool = createPool(stack.databaseUrl);
  holdouts = createHoldoutStore(pool);
});
afterAll(async () => {
  await pool.end();
  await stack.stop();
});

const HOLDOUT = {
  symbol: "SPX",
  timeframe: "1d",
  startDate: "2020-01-01",
  alpha: 0.05,
  years: 5,
  firstDay: "2019-10-21",
  lastDay: "2024-12-31",
  bytes: 1_000,
  sha256: "0".repeat(64),
  setBy: "operator test",
};

/** A backtest that luck does not explain, counted by an experiment that was concluded as supported. */
async function supported(name: string, more: Parameters<typeof recordBacktest>[3] = {}) {
  const experiment = await begun(stack, { hypothesis: `About ${name}.`, runs: 1 });
  const modelPath = `models/${name}/1d_v1`;
  await recordTraining(stack.writer, `train-${name}`, { modelPath });
  await stack.deps.records.experiments.attach(experiment, `backtest-${name}`);
  await recordBacktest(stack.writer, `backtest-${name}`, `train-${name}`, { sharpe: 3, modelPath, ...more });
  await stack.ask("conclude_experiment", { experiment_id: experiment, conclusion: "As expected." });
  return { task_id: `backtest-${name}` };
}

test("without a holdout nothing is examined", async () => {
  const refusal = await stack.refused("evaluate_on_holdout", await supported("first"));
  expect(refusal).toMatch(/^\[not_eligible -32602\] No holdout of SPX 1d is set.*the operator sets one/);
});

test("what was not expected beforehand, or proves nothing, is refused with every reason", async () => {
  await holdouts.add(HOLDOUT);
  await recordTraining(stack.writer, "train-late", { modelPath: "models/late/1d_v1", endDate: "2020-06-30" });
  await recordBacktest(stack.writer, "backtest-late", "train-late", {
    modelPath: "models/late/1d_v1",
    endDate: "2021-01-01",
    trades: 12,
    caveats: [
      { code: "looks_ahead", text: "LOOKS AHEAD" },
      { code: "bad_bars", text: "bad" },
    ],
  });
  const refusal = await stack.refused("evaluate_on_holdout", { task_id: "backtest-late" });
  for (const reason of [
    "saw the future",
    "in-sample",
    "bars are bad",
    "trained to 2020-06-30",
    "days of the holdout",
  ]) {
    expect(refusal).toContain(reason);
  }
  expect(refusal).toMatch(/12 trades.*no experiment.*nothing was looked at/);
});

test("luck refuses, and so does an experiment of somebody else's run", async () => {
  await recordTraining(stack.writer, "train-lucky", { modelPath: "models/lucky/1d_v1" });
  await recordBacktest(stack.writer, "backtest-lucky", "train-lucky", { modelPath: "models/lucky/1d_v1", sharpe: 0.2 });
  expect(await stack.refused("evaluate_on_holdout", { task_id: "backtest-lucky" })).toMatch(
    /luck explains it in \d+ %.*no experiment that was concluded as supported counted it/,
  );
});

test("only a backtest with a model on record is a candidate", async () => {
  expect(await stack.refused("evaluate_on_holdout", { task_id: "train-lucky" })).toMatch(/only a backtest is examined/);
  await recordBacktest(stack.writer, "backtest-foreign", null, { modelPath: "models/elsewhere/1d_v1" });
  expect(await stack.refused("evaluate_on_holdout", { task_id: "backtest-foreign" })).toContain(
    "no training of its model",
  );
  expect(await stack.refused("evaluate_on_holdout", { task_id: "../SPX.HOLDOUT" })).toMatch(/^\[invalid_input/);
  expect(await stack.refused("evaluate_on_holdout", { task_id: "holdout-nope" })).toMatch(/^\[task_not_found/);
});

test("a candidate is looked at once: the same call finds the same job, and no other look begins beside it", async () => {
  const candidate = { task_id: "backtest-first" };
  const started = await stack.ask("evaluate_on_holdout", candidate);
  expect(started).toMatchObject({
    kind: "holdout",
    existing: false,
    answer: null,
    rule: expect.stringContaining("stricter"),
  });
  expect(started["task_id"]).toMatch(/^holdout-probe-/);
  expect(await stack.ask("evaluate_on_holdout", candidate)).toMatchObject({
    existing: true,
    task_id: started["task_id"],
  });
});
