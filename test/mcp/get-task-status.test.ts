import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { ComputationEnd } from "../../src/domain/job.ts";
import { createSlots } from "../../src/temporal/slots.ts";
import { recordEnd, recordOpen } from "../support/job-records.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { connectServer, setBy } from "../support/mcp.ts";
import { Stage, SUCCEEDED } from "../support/stage.ts";
import { outcomeOf, TRAINING } from "../support/job-inputs.ts";
import { startScriptedWorker, type RunningWorker } from "../support/workflow-env.ts";

describe("get_task_status", () => {
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

  /** Starts a job that computes until the test says how it ends. */
  async function startHeld(strategy: string) {
    const { promise, resolve } = Promise.withResolvers<ComputationEnd>();
    const request = { ...TRAINING, strategy };
    const { jobId } = stack.deps.jobs.idOf(request, null);
    stage.scripts.set(jobId, { ends: [promise] });
    await stack.deps.jobs.start(request, { forceReason: null, client: "test" });
    return { jobId, end: resolve };
  }
  const until = async (reached: () => boolean) => {
    while (!reached()) await delay(10);
  };
  /** On a busy machine the workflow may not answer in time. Then the status says less, which is also true. */
  const untilSaid = async (jobId: string, expected: Record<string, unknown>) => {
    await vi.waitFor(
      async () => expect(await stack.ask("get_task_status", { task_id: jobId })).toMatchObject(expected),
      { timeout: 120_000, interval: 50 },
    );
  };

  test("queued behind another job with its place, then waits until the end and tells on the way", async () => {
    const first = await startHeld("first");
    await until(() => stage.inFlight.has(first.jobId));
    const second = await startHeld("second");
    await until(() => stage.calls.includes(`admit ${second.jobId} 1`));
    await untilSaid(first.jobId, { state: "running", final: false });
    await untilSaid(second.jobId, { state: "queued", queue_position: 1 });

    const told: string[] = [];
    const heard = Promise.withResolvers<void>();
    const waiting = stack.call(
      "get_task_status",
      { task_id: first.jobId, wait_seconds: 45 },
      {
        onprogress: ({ message }) => {
          told.push(message ?? "");
          heard.resolve();
        },
      },
    );
    await heard.promise;
    first.end(SUCCEEDED);
    expect((await waiting).structuredContent).toMatchObject({ state: "completed", final: true, percent: 100 });
    expect(told[0]).toMatch(/^Computing/);
    second.end(SUCCEEDED);
    expect(await stack.ask("get_task_status", { task_id: second.jobId, wait_seconds: 45 })).toMatchObject({
      final: true,
    });
  });

  test("an aborted call only stops waiting", async () => {
    const { jobId, end } = await startHeld("aborted");
    await until(() => stage.inFlight.has(jobId));
    const stop = new AbortController();
    const heard = Promise.withResolvers<void>();
    const waiting = stack.call(
      "get_task_status",
      { task_id: jobId, wait_seconds: 45 },
      { signal: stop.signal, onprogress: () => heard.resolve() },
    );
    await heard.promise;
    stop.abort();
    await expect(waiting).rejects.toThrow();
    await untilSaid(jobId, { state: "running" });
    end(SUCCEEDED);
    expect(await stack.ask("get_task_status", { task_id: jobId, wait_seconds: 45 })).toMatchObject({
      state: "completed",
    });
  });

  test("a finished job of which Temporal knows nothing is answered from the record", async () => {
    await recordEnd(stack.writer, "train-old-1", {
      status: "failed",
      headline: "NaN loss.",
      failure: { code: "computation_failed", what: "NaN loss.", why: null, next: "Lower the learning rate." },
      faultsSeen: ["worker_died"],
    });
    expect(await stack.ask("get_task_status", { task_id: "train-old-1", wait_seconds: 45 })).toMatchObject({
      state: "failed",
      final: true,
      failure: { code: "computation_failed", what: "NaN loss.", next: "Lower the learning rate." },
      faults_overcome: ["worker_died"],
      next: "Lower the learning rate.",
    });
  });

  test.each([-600, 600])("a server whose clock is %i s off sees who polls", async (seconds) => {
    const client = await connectServer("modern", { ...stack.env, NODE_OPTIONS: setBy(seconds) });
    try {
      const { structuredContent } = await client.call("check_health");
      expect(structuredContent?.["parts"]).toContainEqual({ part: "worker", up: true, detail: "polling" });
    } finally {
      await client.close();
    }
  });

  test("a job that nobody knows is an error with the next call", async () => {
    expect(await stack.refused("get_task_status", { task_id: "train-none-1" })).toMatch(
      /^\[task_not_found -32602\].*Next: list_tasks/,
    );
  });
});

test("who waits for a job waits a little for a Temporal that does not answer, and then hears that it does not", async () => {
  const stack = await startStack();
  try {
    await recordOpen(stack.writer, "train-open-1");
    await recordOpen(stack.writer, "train-open-2");
    const waiting = stack.ask("get_task_status", { task_id: "train-open-1", wait_seconds: 45 });
    // The waiting call answers with what is recorded meanwhile.
    const looked = vi.spyOn(stack.deps.jobs, "view");
    await vi.waitFor(() => expect(looked).toHaveBeenCalled(), { timeout: 120_000 });
    const ended = { ...outcomeOf("train-open-1", "cancelled"), headline: "cancelled" };
    await stack.writer.finish("train-open-1", ended, null, null);
    expect(await waiting).toMatchObject({ state: "cancelled", final: true });
    const open = await stack.ask("get_task_status", { task_id: "train-open-2", wait_seconds: 45 });
    expect(open).toMatchObject({ final: false, headline: expect.stringContaining("Temporal") });
  } finally {
    await stack.stop();
  }
});
