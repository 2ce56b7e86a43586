import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { batchRequest, recordBatch } from "../support/batches.ts";
import { recordEnd, recordOpen, recordSet, recordTraining } from "../support/job-records.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

const WINDOW = { start_date: "2015-01-02", end_date: "2019-12-31" };

describe("run_backtest", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ temporal: true, ktrdr: true });
    const { writer, strategy } = stack;
    await recordTraining(writer, "train-probe-1", { strategy, modelPath: `models/${strategy}/1d_v1` });
    await recordTraining(writer, "train-probe-2", { strategy: "gone", modelPath: "models/gone/1d_v1" });
    await recordSet(writer, "trainset-probe-1");
    await recordOpen(writer, "train-probe-open");
    await recordEnd(writer, "train-probe-failed", { status: "failed", headline: "NaN loss." });
  });
  afterAll(async () => {
    await stack.stop();
  });

  test("takes everything from the training, by task_id or by model path", async () => {
    const first = await stack.ask("run_backtest", { model: "train-probe-1", ...WINDOW });
    expect(first).toMatchObject({ kind: "backtest", existing: false, warnings: [] });
    const model = `models/${stack.strategy}/1d_v1`;
    expect(await stack.ask("run_backtest", { model, ...WINDOW })).toMatchObject({
      task_id: first["task_id"],
      existing: true,
    });
  });

  test("of a set or a batch takes every model, as one batch", async () => {
    const { writer, strategy } = stack;
    const models = ["trainset-probe-1.1", "trainset-probe-1.2"];
    for (const id of models)
      await recordTraining(writer, id, { strategy, modelPath: `models/${strategy}/${id.at(-1)}` });
    const items = [...models, "train-probe-open"].map((training) => ({ training }));
    await recordBatch(stack, "batch-probe-1", batchRequest(3), items);
    await recordBatch(stack, "batch-empty-1", batchRequest(2), []);
    const ofSet = await stack.ask("run_backtest", { model: "trainset-probe-1", ...WINDOW, initial_capital: 5_000 });
    expect(ofSet).toMatchObject({
      kind: "batch",
      items: 2,
      existing: false,
      task_id: expect.stringMatching(/^batch-/),
    });
    const ofBatch = await stack.ask("run_backtest", { model: "batch-probe-1", ...WINDOW, initial_capital: 5_000 });
    expect(ofBatch).toMatchObject({ task_id: ofSet["task_id"], existing: true });
    // The other tool does the same.
    const periods = [{ test: [WINDOW.start_date, WINDOW.end_date] }];
    const batch = await stack.ask("start_batch", { work: "backtest", models: ["batch-probe-1"], periods });
    expect(batch).toMatchObject({ items: 2 });
  });

  test("other costs are another job", async () => {
    const ids = new Set<unknown>();
    for (const costs of [{}, { commission: 0 }, { slippage: 0.01 }, { initial_capital: 5_000 }]) {
      ids.add((await stack.ask("run_backtest", { model: "train-probe-1", ...WINDOW, ...costs }))["task_id"]);
    }
    expect(ids.size).toBe(4);
  });

  test("a window that overlaps the training is flagged loudly, for a known job too", async () => {
    const request = { model: "train-probe-1", start_date: "2014-06-02", end_date: "2016-06-01" };
    for (const existing of [false, true]) {
      const answer = await stack.ask("run_backtest", request);
      expect(answer).toMatchObject({ existing, warnings: [expect.stringMatching(/^IN-SAMPLE/)] });
    }
  });

  test("a window that is hardly longer than the warm-up is warned of", async () => {
    const answer = await stack.ask("run_backtest", {
      model: "train-probe-1",
      start_date: "2019-06-03",
      end_date: "2019-08-30",
    });
    expect(answer["warnings"]).toEqual([expect.stringContaining("warm-up")]);
  });

  test.each([
    [
      "another strategy for the models of a set",
      { model: "trainset-probe-1", strategy: "other" },
      "invalid_input",
      "stands for several models",
    ],
    ["a batch without a model yet", { model: "batch-empty-1" }, "task_not_finished", "No training of batch-empty-1"],
    ["an unfinished training", { model: "train-probe-open" }, "task_not_finished", "get_task_status"],
    ["a failed training", { model: "train-probe-failed" }, "model_not_found", "NaN loss"],
    [
      "an unknown model",
      { model: "train-nothing" },
      "model_not_found",
      "Valid: trainset-probe-1.2, trainset-probe-1.1, train-probe-2",
    ],
    [
      "a foreign model path without a market",
      { model: "models/other/1d_v1" },
      "invalid_input",
      "strategy, symbol and timeframe",
    ],
    ["a path out of the folder", { model: "models/../../etc" }, "model_not_found", "list_models"],
    ["a strategy whose file is gone", { model: "train-probe-2" }, "strategy_not_found", "gone"],
    ["negative costs", { model: "train-probe-1", commission: -0.001 }, "invalid_input", "commission"],
    ["dates beyond the data", { model: "train-probe-1", end_date: "2034-01-02" }, "data_not_found", "end_date to"],
  ])("refuses %s", async (_what, more, code, told) => {
    const text = await stack.refused("run_backtest", { ...WINDOW, ...more });
    expect(text).toContain(`[${code} -32602]`);
    expect(text).toContain(told);
  });
});
