/** What an operator sees in Temporal's list, without any filter, when a warden has looked. */
import { defaultPayloadConverter } from "@temporalio/common";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import pino from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { systemClock } from "../../src/activities/clock.ts";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import { tendActivities } from "../../src/activities/tend.ts";
import { createExecutions } from "../../src/temporal/executions.ts";
import { forgetEnded } from "../../src/temporal/forget-ended.ts";
import { JOB_QUEUE } from "../../src/temporal/job-types.ts";
import { createSlots } from "../../src/temporal/slots.ts";
import { until } from "../../lab/until.ts";
import { SETTINGS } from "../support/job-inputs.ts";
import { Stage } from "../support/stage.ts";
import { startScriptedWorker, startWorkflowEnvironment, type RunningWorker } from "../support/workflow-env.ts";

const HOUR_MS = 3_600_000;

let env: TestWorkflowEnvironment;
let worker: RunningWorker | undefined;
beforeAll(async () => {
  env = await startWorkflowEnvironment();
});
afterAll(async () => {
  await worker?.stop();
  await env?.teardown();
});

/** `CommandType` of the Temporal API. */
const COMPLETE = { commandType: 4, completeWorkflowExecutionCommandAttributes: {} };
const FAIL = { commandType: 5, failWorkflowExecutionCommandAttributes: { failure: { message: "no" } } };
const CONTINUE = 10;
/** `TaskQueueKind` of the Temporal API. */
const NORMAL = 1;

const HELD = { jobId: "train-held", priority: 3, computation: 1, inUse: true };
const KEEPER_ARGS = ["training", { queue: [], held: [HELD] }];

/** Starts a workflow and ends it by one command, as a worker would. A real warden takes 50 minutes. */
async function ended(type: string, workflowId: string, command: object, taskQueue = JOB_QUEUE): Promise<void> {
  const { client } = env;
  const { namespace } = client.options;
  const args = type === "slotKeeper" ? KEEPER_ARGS : [];
  await client.workflow.start(type, { workflowId, taskQueue, args });
  const { taskToken } = await client.connection.withDeadline(Date.now() + 60_000, () =>
    client.workflowService.pollWorkflowTaskQueue({ namespace, taskQueue: { name: taskQueue, kind: NORMAL } }),
  );
  await client.workflowService.respondWorkflowTaskCompleted({ namespace, taskToken, commands: [command] });
}

const continued = {
  commandType: CONTINUE,
  continueAsNewWorkflowExecutionCommandAttributes: {
    workflowType: { name: "slotKeeper" },
    taskQueue: { name: JOB_QUEUE },
    input: { payloads: KEEPER_ARGS.map((arg) => defaultPayloadConverter.toPayload(arg)) },
  },
};

async function shown(): Promise<string[]> {
  const runs: string[] = [];
  for await (const { workflowId, status } of env.client.workflow.list()) runs.push(`${workflowId} ${status.name}`);
  return runs.toSorted();
}

it("is shorter by fifty at most each time", async () => {
  const { client } = env;
  for (let n = 0; n < 53; n += 1) await ended("warden", `warden-old-${n}`, COMPLETE);
  const left = async () => (await client.workflow.count("WorkflowType = 'warden'")).count;
  for (const count of [53, 3, 0]) {
    await until(async () => (await left()) === count, { what: `${count} wardens`, timeoutMs: 150_000 });
    await forgetEnded(client, new Date(Date.now() + HOUR_MS));
  }
});

it("shows jobs, what lives, what explains something, and what is not ours; no more", async () => {
  const { client } = env;
  for (const n of [1, 2, 3]) await ended("warden", `warden-${n}`, COMPLETE);
  await ended("slotKeeper", "slots-backtest", COMPLETE);
  await ended("warden", "warden-broken", FAIL);
  await ended("trainModel", "train-done", COMPLETE);
  await ended("warden", "warden-of-others", COMPLETE, "queue-of-others");
  await client.workflow.start("warden", { workflowId: "warden-too-wide", taskQueue: "nobody" });
  await client.workflow.getHandle("warden-too-wide").terminate("too wide a query");
  // The last one: its next run waits for a worker.
  await ended("slotKeeper", "slots-training", continued);

  const stage = new Stage();
  const slots = createSlots(client);
  const deps = {
    executions: createExecutions(client, SETTINGS),
    slots,
    jobs: { list: async () => [] },
    decisions: { open: async () => [] },
    watches: { open: async () => [] },
    clock: { ...systemClock, now: () => Date.now() + HOUR_MS },
    log: pino({ level: "silent" }),
  } as unknown as ActivityDeps;
  worker = await startScriptedWorker(env, { ...stage.activities(slots), ...tendActivities(deps) });
  await client.workflow.start("warden", { workflowId: "warden-now", taskQueue: JOB_QUEUE });

  const left = [
    "slots-training RUNNING",
    "train-done COMPLETED",
    "warden-broken FAILED",
    "warden-now RUNNING",
    "warden-of-others COMPLETED",
    "warden-too-wide TERMINATED",
  ];
  const same = async () => JSON.stringify(await shown()) === JSON.stringify(left);
  await until(same, { what: `the list being ${left.join(", ")}`, timeoutMs: 150_000 }).catch(async (error: unknown) => {
    throw new Error(`the list is ${(await shown()).join(", ")}`, { cause: error });
  });
  expect(await shown()).toEqual(left);
});
