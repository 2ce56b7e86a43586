import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import type { WorkflowHandle } from "@temporalio/client";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Worker,
  type WorkflowBundleWithSourceMap,
} from "@temporalio/worker";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ComputationEnd } from "../../src/domain/job.ts";
import { createSlots } from "../../src/temporal/slots.ts";
import { bundleWorkflows } from "../../src/temporal/worker.ts";
import { CONTROL_QUEUE, JOB_QUEUE, POLL_QUEUE } from "../../src/workflows/queues.ts";
import { Stage, SUCCEEDED } from "../support/stage.ts";
import { inputOf, TRAINING } from "../support/job-inputs.ts";
import { startWorkflowEnvironment } from "../support/workflow-env.ts";

let env: TestWorkflowEnvironment;
let stage: Stage;
let hands: Running[];
let versions: { readonly old: WorkflowBundleWithSourceMap; readonly next: WorkflowBundleWithSourceMap };

interface Running {
  stop(): Promise<void>;
}

async function run(options: Partial<Parameters<typeof Worker.create>[0]> & { taskQueue: string }): Promise<Running> {
  const activities = stage.activities(createSlots(env.client));
  // Each worker has a connection of its own, as in two processes: one connection takes one worker for a queue.
  const connection = await NativeConnection.connect({ address: env.address });
  const worker = await Worker.create({ connection, activities, ...options });
  const running = worker.run();
  return {
    stop: async () => {
      worker.shutdown();
      await running;
      await connection.close();
    },
  };
}

/** A worker without a cache. Every task may go to either version, which then replays the whole history. */
const workerOf = async (version: keyof typeof versions) =>
  await run({ taskQueue: JOB_QUEUE, workflowBundle: versions[version], maxCachedWorkflows: 0 });

beforeAll(async () => {
  env = await startWorkflowEnvironment();
  stage = new Stage();
  stage.capacity = 4;
  const workflowsPath = fileURLToPath(new URL("next-version/index.ts", import.meta.url));
  const next = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger("ERROR") });
  versions = { old: await bundleWorkflows(), next };
  hands = [await run({ taskQueue: CONTROL_QUEUE }), await run({ taskQueue: POLL_QUEUE })];
});

const workers: Running[] = [];
afterEach(async () => {
  await Promise.all(workers.splice(0).map(async (worker) => await worker.stop()));
});

afterAll(async () => {
  for (const worker of hands ?? []) await worker.stop();
  await env?.teardown();
});

/** Starts a job that computes until `finish` is called. */
async function computing(workflowId: string): Promise<{ handle: WorkflowHandle; finish: () => void }> {
  const { promise, resolve } = Promise.withResolvers<ComputationEnd>();
  stage.scripts.set(workflowId, { ends: [promise] });
  const args = [inputOf(workflowId, TRAINING)];
  const handle = await env.client.workflow.start("trainModel", {
    workflowId,
    taskQueue: JOB_QUEUE,
    args,
    // When the older version fails a task for the second time, only this time limit gives the task back.
    workflowTaskTimeout: "4 seconds",
  });
  while (!stage.inFlight.has(workflowId)) await delay(20);
  return { handle, finish: () => resolve(SUCCEEDED) };
}

const once = (jobId: string) => [`start ${jobId} 1`, `record ${jobId} completed`];
const callsOf = (jobId: string) =>
  stage.calls.filter((call) => call.split(" ")[1] === jobId && !call.startsWith("admit"));

/** The messages with which workers failed tasks of the workflow. */
async function failedTasks(handle: WorkflowHandle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) =>
    failed == null ? [] : [failed.failure?.message ?? ""],
  );
}

/** Counts tasks that nobody took in time, as when the worker had gone. Only a first attempt leaves an event. */
async function timedOutTasks(handle: WorkflowHandle): Promise<number> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).filter((event) => event.workflowTaskTimedOutEventAttributes != null).length;
}

describe("two workers of different versions on one queue", () => {
  it("finish every job exactly once while tasks alternate, and the newer one what began under the older", async () => {
    const old = await workerOf("old");
    const early = await computing("train-old");
    workers.push(await workerOf("next"));
    const late = [await computing("train-both-1"), await computing("train-both-2")];
    for (const { finish } of late) finish();
    await Promise.all(late.map(async ({ handle }) => await handle.result()));
    await old.stop();
    early.finish();
    await early.handle.result();
    for (const { handle } of [early, ...late]) expect(callsOf(handle.workflowId)).toEqual(once(handle.workflowId));
  });

  it("lose no job of the newer one: the older one gives its task back, and the next newer worker goes on", async () => {
    const next = await workerOf("next");
    const { handle, finish } = await computing("train-new");
    await next.stop();
    const old = await workerOf("old");
    finish();
    const attempts = async () => (await handle.describe()).raw.pendingWorkflowTask?.attempt ?? 0;
    while ((await attempts()) < 2 + (await timedOutTasks(handle))) await delay(50);
    await old.stop();
    workers.push(await workerOf("next"));
    expect(await handle.result()).toMatchObject({ status: "completed" });
    expect(callsOf("train-new")).toEqual(once("train-new"));
    if ((await timedOutTasks(handle)) === 0) {
      expect((await failedTasks(handle)).join()).toMatch(/[Nn]ondeterminism/);
    }
  });
});
