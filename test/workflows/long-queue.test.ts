import { setTimeout as delay } from "node:timers/promises";
import { cancellationSignal, heartbeat } from "@temporalio/activity";
import { CancelledFailure } from "@temporalio/common";
import { ServiceError, type WorkflowHandle } from "@temporalio/client";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { slotKeeperId, type SlotNews, type SlotState, type SlotWatch } from "../../src/domain/slots.ts";
import { createSlots } from "../../src/temporal/slots.ts";
import { Stage } from "../support/stage.ts";
import { inputOf, TRAINING } from "../support/job-inputs.ts";
import { startScriptedWorker, startWorkflowEnvironment } from "../support/workflow-env.ts";
import type { RunningWorker } from "../support/workflow-env.ts";

const CLAIMS = 1_000;
/** The claims whose jobs really run. A keeper serves three to ten a second, far more than KTRDR can start. */
const JOBS = 60;

/** Opens when jobs may begin to compute. Every watch waits for it, instead of looking again and again. */
const gate = Promise.withResolvers<void>();

async function watchSlots({ queued, mayGrant }: SlotWatch): Promise<SlotNews> {
  const aborted = new Promise<never>((_, reject) => {
    cancellationSignal().addEventListener("abort", () => reject(new CancelledFailure("aborted")));
  });
  const beat = setInterval(() => heartbeat("watching"), 2_000);
  try {
    await Promise.race([gate.promise, aborted]);
    if (queued.length > 0 && mayGrant) return { free: true, closed: [], waitingFor: "" };
    return await aborted;
  } finally {
    clearInterval(beat);
  }
}

let env: TestWorkflowEnvironment;
let worker: RunningWorker;
const stage = new Stage();

beforeAll(async () => {
  env = await startWorkflowEnvironment();
  const activities = stage.activities(createSlots(env.client));
  worker = await startScriptedWorker(env, { ...activities, watchSlots });
});

afterAll(async () => {
  await worker?.stop();
  await env?.teardown();
});

const jobIds = Array.from({ length: JOBS }, (_, n) => `train-queued-${String(n).padStart(4, "0")}`);

async function inBatches<T, R>(of: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let n = 0; n < of.length; n += 50) done.push(...(await Promise.all(of.slice(n, n + 50).map(work))));
  return done;
}

/** Waits until all claims are in the queue. A keeper that is busy with them may leave a query unanswered. */
async function wholeQueue(keeper: WorkflowHandle): Promise<readonly string[]> {
  for (;;) {
    const { queue } = await keeper.query<SlotState>("slotState").catch((error: unknown) => {
      if (error instanceof ServiceError) return { queue: [] };
      throw error;
    });
    if (queue.length === CLAIMS) return queue;
    await delay(100);
  }
}

describe("a thousand claims at one keeper", () => {
  it("are served in order, while the keeper's history stays short and small", async () => {
    // These other jobs have no workflows. They only make the queue long.
    const others = Array.from({ length: CLAIMS - JOBS }, (_, n) => `train-behind-${n}`);
    const slots = createSlots(env.client);
    await inBatches(others, async (jobId) => await slots.claim("training", { jobId, priority: 5, computation: 1 }));
    const handles = await inBatches(jobIds, async (workflowId): Promise<WorkflowHandle> => {
      const args = [inputOf(workflowId, TRAINING)];
      return await env.client.workflow.start("trainModel", { workflowId, taskQueue: "ktrdr-jobs", args });
    });
    const keeper = env.client.workflow.getHandle(slotKeeperId("training"));
    const order = (await wholeQueue(keeper)).slice(0, JOBS);
    expect(new Set(order)).toEqual(new Set(jobIds));

    gate.resolve();
    await Promise.all(handles.map(async (handle) => await handle.result()));
    await keeper.terminate("the rest is not real");
    const started = stage.calls.filter((call) => call.startsWith("start ")).map((call) => call.split(" ")[1]);
    // On a busy machine a start may be asked for again: its answer was late.
    expect([...new Set(started)]).toEqual(order);

    const runs: { length: number; size: number }[] = [];
    for await (const run of env.client.workflow.list({ query: `WorkflowId = "${slotKeeperId("training")}"` })) {
      runs.push({ length: run.historyLength ?? 0, size: run.historySize ?? 0 });
    }
    expect(runs.length).toBeGreaterThan(2);
    // A burst of claims may arrive between two looks at the length.
    expect(Math.max(...runs.map(({ length }) => length))).toBeLessThan(2_000);
    expect(Math.max(...runs.map(({ size }) => size))).toBeLessThan(1_500_000);
  });
});
