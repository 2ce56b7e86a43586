import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { batchRequest, recordBatch } from "../support/batches.ts";
import { recordBacktest, recordTraining } from "../support/job-records.ts";
import { begun, ran } from "../support/experiments.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { inputOf, TRAINING } from "../support/job-inputs.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const shown = async (experiment_id: string, more: Record<string, unknown> = {}) =>
  await stack.ask("get_experiment", { experiment_id, ...more });

describe("get_experiment", () => {
  test("says how an open one stands, and why a run does not count", async () => {
    const id = await begun(stack);
    await recordBacktest(stack.writer, "backtest-known-1", null);
    await stack.deps.records.experiments.attach(id, "backtest-known-1");
    await ran(stack, id, "backtest-run-1", 0.8);
    await stack.deps.records.experiments.attach(id, "backtest-never-1");
    expect(await shown(id)).toMatchObject({
      status: "open",
      headline: "Open: 1 of 2 runs count so far.",
      counted: [{ task_id: "backtest-run-1", value: 0.8 }],
      left_out: [
        { why: "known before it was attached", runs: 1, task_ids: ["backtest-known-1"] },
        { why: "announced, not begun", runs: 1, task_ids: ["backtest-never-1"] },
      ],
      engine: expect.stringContaining("practice figures"),
    });
    expect(await shown(id)).not.toHaveProperty("conclusion");
  });

  test("shows the verdict that stands and the words, not what was found out later", async () => {
    const id = await begun(stack, { hypothesis: "Concluded." });
    await ran(stack, id, "backtest-c-1", 1.9);
    await ran(stack, id, "backtest-c-2", 1.7);
    await stack.ask("conclude_experiment", { experiment_id: id, conclusion: "It does." });
    expect(await shown(id)).toMatchObject({
      status: "concluded",
      headline: expect.stringMatching(/^Supported: 1\.8; the criterion was/),
      conclusion: "It does.",
      concluded_at: expect.any(String),
      next: expect.stringContaining("start_experiment"),
    });
  });

  test("of a batch that runs says that it has not ended, and tells its trainings as one reason", async () => {
    const id = await begun(stack, { hypothesis: "A batch." });
    await stack.deps.records.experiments.attach(id, "batch-x-1");
    const trainings = Array.from({ length: 12 }, (_, at) => ({ training: `train-x-${at}` }));
    for (const { training } of trainings.slice(0, 10)) await recordTraining(stack.writer, training);
    for (const { training } of trainings.slice(10)) await stack.writer.admit(inputOf(training, TRAINING), null);
    await recordBatch(stack, "batch-x-1", batchRequest(4, { work: "both", draws: 3 }), trainings);
    expect((await shown(id))["left_out"]).toEqual([
      { why: "not ended yet", runs: 3, task_ids: ["batch-x-1", "train-x-10", "train-x-11"] },
      {
        why: "a training: sharpe is a figure of a backtest",
        runs: 10,
        task_ids: ["train-x-0", "train-x-1", "train-x-2"],
      },
    ]);
    expect(await stack.refused("conclude_experiment", { experiment_id: id, conclusion: "Too early." })).toMatch(
      /have not ended: batch-x-1/,
    );
  });

  test("shows the first runs, and all when asked", async () => {
    const id = await begun(stack, { hypothesis: "Many." });
    for (let at = 0; at < 25; at += 1) await stack.deps.records.experiments.attach(id, `backtest-many-${at}`);
    const idsOf = (answer: Record<string, unknown>) => (answer["left_out"] as { task_ids: unknown }[])[0]?.task_ids;
    expect(idsOf(await shown(id))).toHaveLength(3);
    expect(idsOf(await shown(id, { all_runs: true }))).toHaveLength(25);
  });
});
