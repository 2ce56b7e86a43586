import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordOpen } from "../support/job-records.ts";
import { begun, ran } from "../support/experiments.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ temporal: true });
});
afterAll(() => stack.stop());

const conclude = async (experiment_id: string, conclusion = "As expected.") =>
  await stack.ask("conclude_experiment", { experiment_id, conclusion });

describe("conclude_experiment", () => {
  test("judges by what was written down, whatever the words say, and once and for all", async () => {
    const id = await begun(stack);
    await ran(stack, id, "backtest-a-1", 0.2);
    await ran(stack, id, "backtest-a-2", 0.3);
    const answer = await conclude(id, "A great success: Sharpe 3!");
    expect(answer).toMatchObject({
      verdict: "not_supported",
      engine: expect.stringContaining("practice figures"),
      headline: expect.stringMatching(/^Not supported: 0\.25; the criterion was sharpe/),
      existing: false,
      conclusion: "A great success: Sharpe 3!",
      value: { median: 0.25, min: 0.2, max: 0.3, runs: 2, meet: 0 },
      counted: [
        { task_id: "backtest-a-1", value: 0.2 },
        { task_id: "backtest-a-2", value: 0.3 },
      ],
      left_out: [],
      caveats: [expect.stringContaining("standard error")],
    });
    expect(await conclude(id, "No, it failed.")).toEqual({ ...answer, existing: true });
    await expect(stack.deps.records.experiments.attach(id, "backtest-a-3")).rejects.toMatchObject({
      code: "experiment_concluded",
    });
    // A run that was attached before may be attached again, and nothing changes.
    expect(await stack.deps.records.experiments.attach(id, "backtest-a-1")).toBe(false);
  });

  test("of several who conclude at once one is the first, and all hear the same", async () => {
    const id = await begun(stack, { hypothesis: "At once." });
    await ran(stack, id, "backtest-b-1", 0.7);
    const all = await Promise.all(Array.from({ length: 6 }, (_, at) => conclude(id, `words ${at}`)));
    expect(all.filter((one) => one["existing"] === false)).toHaveLength(1);
    expect(new Set(all.map((one) => one["conclusion"])).size).toBe(1);
    expect(all[0]).toMatchObject({ verdict: "inconclusive" });
  });

  test("waits for runs that are open, on record or in Temporal only", async () => {
    const id = await begun(stack, { hypothesis: "Not yet." });
    const { experiments } = stack.deps.records;
    await experiments.attach(id, "train-open-1");
    await recordOpen(stack.writer, "train-open-1");
    const args = { experiment_id: id, conclusion: "?" };
    expect(await stack.refused("conclude_experiment", args)).toMatch(/have? ?not ended|has not ended: train-open-1/);

    const other = await begun(stack, { hypothesis: "Nor yet." });
    await experiments.attach(other, "train-unadmitted-1");
    const { client } = stack.temporal();
    await client.workflow.start("trainModel", {
      workflowId: "train-unadmitted-1",
      taskQueue: "nobody",
      memo: { kind: "training" },
    });
    const refused = await stack.refused("conclude_experiment", { experiment_id: other, conclusion: "?" });
    expect(refused).toContain("has not begun yet: train-unadmitted-1");
    await experiments.attach(other, "train-never-1");
    await client.workflow.getHandle("train-unadmitted-1").terminate();
  });

  test("an experiment that does not exist is refused with what to do", async () => {
    const refused = await stack.refused("conclude_experiment", {
      experiment_id: "experiment-0000000000000000",
      conclusion: "x",
    });
    expect(refused).toMatch(/no experiment experiment-0{16}\..*Next: list_experiments/s);
  });
});
