import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ComputationEnd } from "../../src/domain/job.ts";
import { createSlots } from "../../src/temporal/slots.ts";
import { recordTraining } from "../support/job-records.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { Stage } from "../support/stage.ts";
import { TRAINING } from "../support/job-inputs.ts";
import { startScriptedWorker, type RunningWorker } from "../support/workflow-env.ts";

const never = () => new Promise<ComputationEnd>(() => undefined);

describe("cancel_task", () => {
  let stack: Stack;
  let stage: Stage;
  let worker: RunningWorker;
  beforeAll(async () => {
    stack = await startStack({ temporal: true });
    stage = new Stage();
    worker = await startScriptedWorker(stack.temporal(), stage.activities(createSlots(stack.temporal().client)));
  });
  afterAll(async () => {
    await worker?.stop();
    await stack?.stop();
  });

  async function start(strategy: string): Promise<string> {
    const request = { ...TRAINING, strategy };
    const { jobId } = stack.deps.jobs.idOf(request, null);
    stage.scripts.set(jobId, { ends: [never()] });
    await stack.deps.jobs.start(request, { forceReason: null, client: "test" });
    return jobId;
  }

  test("running and queued jobs are stopped, and the answer proves it", async () => {
    const running = await start("running");
    while (!stage.inFlight.has(running)) await delay(10);
    const queued = await start("queued");
    while (!stage.calls.includes(`admit ${queued} 1`)) await delay(10);
    for (const task_id of [queued, running]) {
      expect(await stack.ask("cancel_task", { task_id, reason: "not wanted any more" })).toMatchObject({
        state: "cancelled",
        final: true,
        stopped: true,
      });
    }
    expect(stage.calls).toContain(`stop ${running}-op1`);
    expect(stage.calls).not.toContain(`start ${queued} 1`);
    expect(await stack.ask("cancel_task", { task_id: running, reason: "once more" })).toMatchObject({
      state: "cancelled",
    });
  });

  test("a finished job stays as it is", async () => {
    await recordTraining(stack.writer, "train-done-1");
    expect(await stack.ask("cancel_task", { task_id: "train-done-1", reason: "too late" })).toMatchObject({
      state: "completed",
      stopped: true,
    });
  });

  test("an unknown job is an error", async () => {
    expect(await stack.refused("cancel_task", { task_id: "train-none-1", reason: "why not" })).toContain(
      "[task_not_found",
    );
  });
});

test("without a worker the answer says at once that nobody carries it out", async () => {
  const stack = await startStack({ temporal: true });
  try {
    const { jobId } = await stack.deps.jobs.start(TRAINING, { forceReason: null, client: "test" });
    expect(await stack.ask("cancel_task", { task_id: jobId, reason: "not wanted any more" })).toMatchObject({
      state: "worker_down",
      stopped: false,
      headline: expect.stringContaining("not carried out"),
    });
  } finally {
    await stack.stop();
  }
});
