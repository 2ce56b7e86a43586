import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import type { BacktestResult } from "../../src/domain/kinds/backtest.ts";
import { batchRequest, recordBatch } from "../support/batches.ts";
import { BACKTEST, inputOf, outcomeOf } from "../support/job-inputs.ts";
import { backtestResult, recordTraining } from "../support/job-records.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ temporal: true, ktrdr: true });
  // Three draws of one strategy, and one of another market.
  await record("SPX", [0.08, 0.16, 1.31]);
  await record("TREND", [2.4]);
});
afterAll(() => stack.stop());

type Row = Record<string, unknown>;

async function record(symbol: string, sharpes: readonly number[], more: Partial<BacktestResult> = {}): Promise<void> {
  for (const [at, sharpe] of sharpes.entries()) {
    const [trainingJobId, jobId] = [`train-${symbol}-${at}`, `backtest-${symbol}-${at}`];
    const modelPath = `models/${trainingJobId}`;
    await recordTraining(stack.writer, trainingJobId, { symbol, modelPath }, EXAMPLE_STRATEGY);
    await stack.writer.admit(inputOf(jobId, { ...BACKTEST, symbol, trainingJobId, modelPath }), EXAMPLE_STRATEGY);
    const result = backtestResult({ symbol, modelPath, sharpe, totalReturn: sharpe / 10, ...more });
    await stack.writer.finish(jobId, outcomeOf(jobId, "completed"), result, result.engine);
  }
}

describe("luck stands beside every Sharpe ratio", () => {
  test("in the list of jobs, by what was tried on the job's own symbol", async () => {
    const { tasks } = await stack.ask("list_tasks", { kind: "backtest" });
    const luck = Object.fromEntries((tasks as Row[]).map((row) => [row["task_id"], row["luck"]]));
    expect(luck["backtest-TREND-0"]).toBe("less than 0.1 %");
    expect(luck["backtest-SPX-0"]).toMatch(/^8\d %$/);
    const trainings = (await stack.ask("list_tasks", { kind: "training" }))["tasks"] as Row[];
    expect(trainings[0]).not.toHaveProperty("luck");
  });

  test("in the status of a backtest that has ended", async () => {
    expect((await stack.ask("get_task_status", { task_id: "backtest-SPX-2" }))["luck"]).toMatch(/^\d\.\d %$|^\d\d %$/);
  });

  test("in each group of a comparison, by all that was tried on the symbols compared", async () => {
    const compared = await stack.ask("compare_results", {
      task_ids: ["backtest-SPX-0", "backtest-SPX-1", "backtest-SPX-2", "backtest-TREND-0"],
    });
    const [spx, trend] = compared["groups"] as Row[];
    expect(spx).toMatchObject({
      draws: 3,
      median: 0.16,
      luck: expect.stringMatching(/^8\d %$/),
      time_in_market: 0.60429,
    });
    expect(trend).toMatchObject({ draws: 1, luck: "less than 0.1 %" });
  });

  test("in each group of a batch, and in its status", async () => {
    const items = [0, 1, 2].map((at) => ({ training: `train-SPX-${at}`, backtest: `backtest-SPX-${at}` }));
    await recordBatch(stack, "batch-luck-1", batchRequest(3, { work: "both", draws: 3 }), items);
    const { groups } = await stack.ask("get_results", { task_id: "batch-luck-1" });
    // Of one symbol only: three were tried there.
    const luck = "74 %";
    expect(groups).toEqual([expect.objectContaining({ draws: 3, luck, trades: 42, time_in_market: 0.60429 })]);
    const { batch } = await stack.ask("get_task_status", { task_id: "batch-luck-1" });
    expect(batch).toMatchObject({ leading: { luck } });
  });
});

describe("a single draw, opened alone", () => {
  test("names its sisters, and the one in the middle", async () => {
    const { caveats } = await stack.ask("get_results", { task_id: "backtest-SPX-2" });
    expect(caveats).toContain(
      "One of 3 draws of this strategy on these days: Sharpe 0.08 to 1.31, 0.16 in the middle. The middle counts, not the best.",
    );
    const alone = await stack.ask("get_results", { task_id: "backtest-TREND-0" });
    expect(JSON.stringify(alone["caveats"])).not.toContain("draws of this strategy");
  });
});

describe("an experiment that a run can never count in", () => {
  const sample = { hypothesis: "?", metric: "sharpe", threshold: 1, runs: 1, symbol: "SPX", timeframe: "1d" } as const;
  const begin = async (start_date: string, end_date: string) =>
    String((await stack.ask("start_experiment", { ...sample, start_date, end_date }))["experiment_id"]);

  test("says so when the run is started, before anything is computed", async () => {
    const experiment_id = await begin("2016-01-04", "2018-12-31");
    const answer = await stack.ask("run_backtest", {
      model: "train-SPX-0",
      start_date: BACKTEST.startDate,
      end_date: BACKTEST.endDate,
      experiment_id,
    });
    expect(answer["warnings"]).toContain(
      `It will not count in ${experiment_id}: its days are not inside 2016-01-04 to 2018-12-31.`,
    );
    expect(answer["power"]).toMatch(
      /^3 backtests were tried on SPX; with one more, 5\.0 years find a true Sharpe of 1\.\d\d or more in four of five searches\./,
    );
  });
});

describe("a strategy that made no trade", () => {
  test("never leads those that traded, however accurate its model, and is told so", async () => {
    await recordTraining(stack.writer, "train-idle", {
      strategy: "idle",
      modelPath: "models/idle",
      testAccuracy: 0.99,
    });
    const asked = { ...BACKTEST, strategy: "idle", trainingJobId: "train-idle", modelPath: "models/idle" };
    await stack.writer.admit(inputOf("backtest-idle", asked), null);
    const none = backtestResult({
      strategy: "idle",
      modelPath: "models/idle",
      sharpe: null,
      trades: 0,
      totalReturn: 0,
    });
    await stack.writer.finish("backtest-idle", outcomeOf("backtest-idle", "completed"), none, none.engine);
    await recordBatch(stack, "batch-idle-1", batchRequest(2, { work: "both" }), [
      { training: "train-idle", backtest: "backtest-idle" },
      { training: "train-SPX-0", backtest: "backtest-SPX-0" },
    ]);
    const { groups } = await stack.ask("get_results", { task_id: "batch-idle-1" });
    expect(groups).toMatchObject([
      { sharpe: { median: 0.08 } },
      { trades: 0, luck: "cannot be told: it made no trade" },
    ]);
    const { batch } = await stack.ask("get_task_status", { task_id: "batch-idle-1" });
    expect(batch).toMatchObject({ leading: { sharpe: { median: 0.08 } } });
    expect(batch).not.toHaveProperty("leading.only");
  });

  test("of a batch that only lost, the leader is said to have lost least", async () => {
    const asked = { ...BACKTEST, strategy: "lost", trainingJobId: "train-lost", modelPath: "models/lost" };
    await stack.writer.admit(inputOf("backtest-lost", asked), null);
    const lost = backtestResult({ strategy: "lost", modelPath: "models/lost", sharpe: -0.3, trades: 42 });
    await stack.writer.finish("backtest-lost", outcomeOf("backtest-lost", "completed"), lost, lost.engine);
    const items = [{ training: "train-lost", backtest: "backtest-lost" }];
    await recordBatch(stack, "batch-lost-1", batchRequest(1, { work: "both" }), items);
    const { batch } = await stack.ask("get_task_status", { task_id: "batch-lost-1" });
    expect(batch).toMatchObject({ leading: { strategy: "lost", only: expect.stringMatching(/^lost least/) } });
  });
});
