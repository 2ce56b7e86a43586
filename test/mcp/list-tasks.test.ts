import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { recordBacktest, recordEnd, recordOpen, recordTraining } from "../support/job-records.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { TRAINING } from "../support/job-inputs.ts";

describe("list_tasks", () => {
  let stack: Stack;
  let started: string;
  beforeAll(async () => {
    stack = await startStack({ temporal: true });
    const { writer } = stack;
    await recordTraining(writer, "train-probe-1");
    await recordBacktest(writer, "backtest-probe-1", "train-probe-1");
    await recordEnd(writer, "train-probe-2", { status: "failed", headline: "NaN loss." });
    await recordOpen(writer, "train-other-1", { strategy: "other" });
    const answer = await stack.deps.jobs.start(
      { ...TRAINING, strategy: "fresh" },
      { forceReason: null, client: "test" },
    );
    started = answer.jobId;
    // Temporal's lists lag behind the start.
    await vi.waitFor(async () => expect(await stack.deps.jobs.openJobs(11)).toHaveLength(1), 60_000);
  });
  afterAll(async () => {
    await stack?.stop();
  });
  const ids = async (args: Record<string, unknown> = {}) =>
    ((await stack.ask("list_tasks", args))["tasks"] as { task_id: string }[]).map((task) => task.task_id);

  test("recorded jobs newest first, before them the open ones that are not admitted yet", async () => {
    expect(await ids()).toEqual([started, "train-other-1", "train-probe-2", "backtest-probe-1", "train-probe-1"]);
  });

  test("filters by status, kind and strategy", async () => {
    expect(await ids({ status: "open" })).toEqual([started, "train-other-1"]);
    expect(await ids({ status: "failed" })).toEqual(["train-probe-2"]);
    expect(await ids({ kind: "backtest" })).toEqual(["backtest-probe-1"]);
    expect(await ids({ strategy: "fresh" })).toEqual([started]);
  });

  test("pages by the last task_id", async () => {
    const first = await stack.ask("list_tasks", { limit: 2, kind: "training", strategy: "probe" });
    expect(first).toMatchObject({ more: false });
    expect(await ids({ limit: 1, strategy: "probe", before: "train-probe-2" })).toEqual(["backtest-probe-1"]);
    expect(await stack.ask("list_tasks", { limit: 1, strategy: "probe" })).toMatchObject({ more: true });
  });

  test("a normal answer costs less than 600 tokens", async () => {
    expect(JSON.stringify(await stack.ask("list_tasks")).length / 4).toBeLessThan(600);
  });
});
