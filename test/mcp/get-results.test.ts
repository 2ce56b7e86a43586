import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { batchRequest, recordBatch } from "../support/batches.ts";
import { recordBacktest, recordEnd, recordOpen, recordTraining } from "../support/job-records.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

describe("get_results", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
    const { writer } = stack;
    await recordTraining(writer, "train-probe-1");
    await recordBacktest(writer, "backtest-probe-1", "train-probe-1");
    await recordBacktest(writer, "backtest-probe-2", "train-probe-1", { startDate: "2014-06-01" });
    await recordBacktest(writer, "backtest-probe-3", null, {
      modelPath: "models/foreign/1d_v1",
      buyAndHold: null,
      totalReturn: 0.01,
    });
    const drawn = ["train-drawn-1", "train-drawn-2"];
    for (const [at, id] of drawn.entries())
      await recordTraining(writer, id, {
        strategy: "drawn",
        modelPath: `models/drawn/1d_v${at}`,
        finalValLoss: 0.95 + at * 0.06,
      });
    const draws = batchRequest(1, { draws: 3 });
    await recordBatch(
      stack,
      "batch-probe-1",
      draws,
      drawn.map((training) => ({ training })),
    );
    await recordOpen(writer, "train-probe-open");
    await recordEnd(writer, "train-probe-failed", {
      status: "failed",
      headline: "NaN loss in epoch 3.",
      failure: { code: "computation_failed", what: "NaN loss.", why: "epoch 3", next: "Lower the learning rate." },
      partial: { percent: 6, step: "Epoch 3", epochsSeen: 3, bestValLoss: 1.2, bestValAccuracy: null },
    });
  });
  afterAll(async () => {
    await stack.stop();
  });

  test("a backtest stands beside buy-and-hold, corrected, with what produced it", async () => {
    const facts = await stack.ask("get_results", { task_id: "backtest-probe-1" });
    expect(facts).toMatchObject({
      status: "completed",
      figures: { total_return: 0.0093023, sharpe: 0.1074, profit_factor: 1.05, trades: 42 },
      buy_and_hold: { total_return: 0.57, sharpe: 0.76, bars: 1_208 },
      in_sample: false,
      caveats: ["Trade statistics leave out the entry commission."],
      produced_by: { engine: "sandbox-1.0.0", training_task_id: "train-probe-1", commission: 0.001 },
    });
    expect(facts).not.toHaveProperty("raw");
  });

  test("a backtest says how many were tried, and how far luck goes", async () => {
    const { luck } = await stack.ask("get_results", { task_id: "backtest-probe-1" });
    expect(luck).toMatchObject({
      trials: 2,
      says: expect.stringMatching(
        /^2 backtests were tried on SPX\. The best of 2 worthless strategies .*; this one shows 0\.11: luck does that in 65 %\. These 4\.8 years find/,
      ),
      probability: expect.closeTo(0.6485, 3),
      bar_half: expect.closeTo(0.249, 3),
      bar_twentieth: expect.closeTo(0.893, 3),
    });
    const brief = await stack.ask("get_results", { task_id: "backtest-probe-1", detail: "brief" });
    expect(Object.keys(brief["luck"] as object).toSorted()).toEqual(["probability", "says", "trials"]);
    const inSample = await stack.ask("get_results", { task_id: "backtest-probe-2" });
    expect(inSample["luck"]).toMatchObject({ says: expect.stringContaining("the model was trained on these days") });
    expect(inSample["luck"]).not.toHaveProperty("probability");
  });

  test("a backtest of another model with the same figures to the last digit is named", async () => {
    const window = { startDate: "2016-01-04", endDate: "2018-12-31" };
    for (const n of [1, 2]) {
      await recordBacktest(stack.writer, `backtest-twin-${n}`, null, { ...window, modelPath: `models/twin/1d_v${n}` });
    }
    await recordBacktest(stack.writer, "backtest-twin-3", null, {
      ...window,
      modelPath: "models/twin/1d_v3",
      sharpe: 0.2,
    });
    const facts = async (task_id: string) => String((await stack.ask("get_results", { task_id }))["caveats"]);
    expect(await facts("backtest-twin-1")).toContain(
      "The same figures to the last digit as backtest-twin-2, of another model",
    );
    expect(await facts("backtest-twin-3")).not.toContain("same figures");
  });

  test("a window that overlaps the training is flagged before everything else", async () => {
    const facts = await stack.ask("get_results", { task_id: "backtest-probe-2", detail: "brief" });
    expect(facts).toMatchObject({
      headline: expect.stringMatching(/^IN-SAMPLE, proves nothing: /),
      in_sample: true,
      caveats: [expect.stringMatching(/^IN-SAMPLE/), expect.any(String)],
    });
  });

  test("lists and statuses say it in the headline, too", async () => {
    const said = expect.stringMatching(/^IN-SAMPLE, proves nothing: /);
    expect(await stack.ask("get_task_status", { task_id: "backtest-probe-2" })).toMatchObject({ headline: said });
    const { tasks } = await stack.ask("list_tasks", { kind: "backtest", limit: 50 });
    expect(tasks).toContainEqual(expect.objectContaining({ task_id: "backtest-probe-2", headline: said }));
  });

  test("Sortino and what is wrong with it stand in detail full only", async () => {
    const of = async (detail: string) =>
      JSON.stringify(await stack.ask("get_results", { task_id: "backtest-probe-3", detail }));
    expect(await of("standard")).not.toMatch(/sortino/i);
    expect(await of("full")).toMatch(/ktrdr_sortino/);
  });

  test("a model of unknown training is not called out of sample", async () => {
    const facts = await stack.ask("get_results", { task_id: "backtest-probe-3" });
    expect(facts).toMatchObject({ in_sample: "unknown" });
    expect(facts).not.toHaveProperty("buy_and_hold");
  });

  test("full keeps KTRDR's raw figures", async () => {
    const facts = await stack.ask("get_results", { task_id: "backtest-probe-1", detail: "full" });
    expect(facts).toMatchObject({ raw: { total_return: 930.23, profit_factor: 1.1859 } });
  });

  test("a learning curve is thinned to forty points, ends kept", async () => {
    const facts = await stack.ask("get_results", { task_id: "train-probe-1", detail: "full" });
    const { epoch, train_loss, val_accuracy } = facts["curve"] as Record<string, number[] | undefined>;
    expect(epoch).toHaveLength(40);
    expect([epoch?.[0], epoch?.at(-1)]).toEqual([1, 100]);
    expect([train_loss?.[0], train_loss?.at(-1)]).toEqual([1.1, 1.001]);
    expect(val_accuracy).toBeUndefined();
  });

  test("a training's figures are of the model that was saved, the last epoch's; epochs count from one", async () => {
    const { figures } = await stack.ask("get_results", { task_id: "train-probe-1" });
    expect(figures).toMatchObject({ final_val_loss: 1.01, saved_epoch: 100, best_epoch: 62, best_val_loss: 0.98765 });
    expect(await stack.ask("list_models", { strategy: "probe" })).toMatchObject({ models: [{ final_val_loss: 1.01 }] });
    const offered = await stack.refused("start_experiment", { metric: "best_val_loss" });
    expect(offered).toMatch(/final_val_loss/);
  });

  test("a regression's accuracy is directional in every answer", async () => {
    await recordTraining(stack.writer, "train-probe-return", {
      modelPath: "models/return/1d_v1",
      strategy: "return",
      regression: true,
      mae: 0.012,
      baseRate: { label: "up", share: 0.53, test: { label: "up", share: 0.55 } },
    });
    const { figures } = await stack.ask("get_results", { task_id: "train-probe-return" });
    expect(figures).toMatchObject({ test_directional_accuracy: 0.49, mae: 0.012, test_base_rate: "up 0.55" });
    expect(figures).not.toHaveProperty("test_accuracy");
    const { models } = await stack.ask("list_models", { strategy: "return" });
    expect(models).toEqual([expect.objectContaining({ directional_accuracy: 0.49, mae: 0.012 })]);
    const compared = await stack.ask("compare_results", { task_ids: ["train-probe-return", "train-probe-1"] });
    expect(compared).toMatchObject({ figure: "test_accuracy", groups: [{ strategy: "probe" }] });
  });

  test("draws of one training are median and range", async () => {
    const facts = await stack.ask("get_results", { task_id: "batch-probe-1" });
    expect(facts).toMatchObject({
      figures: { items: 3, done: 2, not_begun: 1 },
      groups: [{ strategy: "probe", draws: 2, final_val_loss: { median: 0.98, min: 0.95, max: 1.01 } }],
      next: expect.stringContaining("run_backtest with model batch-probe-1"),
    });
  });

  test("a failed job answers with the reason and what was learnt", async () => {
    const facts = await stack.ask("get_results", { task_id: "train-probe-failed" });
    expect(facts).toMatchObject({
      status: "failed",
      failure: { code: "computation_failed", why: "epoch 3" },
      partial: { epochsSeen: 3 },
      next: "Lower the learning rate.",
    });
  });

  test("an open job has no result yet", async () => {
    expect(await stack.refused("get_results", { task_id: "train-probe-open" })).toMatch(
      /^\[task_not_finished -32602\].*get_task_status/,
    );
  });

  test.each(["brief", "standard"])("%s answers cost less than 600 tokens", async (detail) => {
    for (const task_id of ["train-probe-1", "backtest-probe-2", "batch-probe-1"]) {
      const facts = await stack.ask("get_results", { task_id, detail });
      expect(JSON.stringify(facts).length / 4).toBeLessThan(600);
    }
  });
});
