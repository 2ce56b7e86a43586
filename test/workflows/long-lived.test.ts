import { setTimeout as delay } from "node:timers/promises";
import { activityInfo } from "@temporalio/activity";
import { WorkflowNotFoundError } from "@temporalio/client";
import { ApplicationFailure } from "@temporalio/common";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import { afterEach, describe, expect, it } from "vitest";
import { admitActivities } from "../../src/activities/admit.ts";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import type { Activities } from "../../src/activities/activities.ts";
import type { JobOutcome } from "../../src/domain/outcome.ts";
import { createJobReader } from "../../src/store/job-reader.ts";
import { createJobWriter } from "../../src/store/job-writer.ts";
import { createPool } from "../../src/store/pool.ts";
import { createExecutions } from "../../src/temporal/executions.ts";
import { createSlots } from "../../src/temporal/slots.ts";
import { trainingResult } from "../support/job-records.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { Stage } from "../support/stage.ts";
import { startTimeSkipping } from "../support/temporal.ts";
import { inputOf, outcomeOf, TRAINING } from "../support/job-inputs.ts";
import { startScriptedWorker, startWorkflowEnvironment } from "../support/workflow-env.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const workflow = (workflowId: string) => ({
  workflowId,
  taskQueue: "ktrdr-jobs",
  args: [inputOf(workflowId, TRAINING)],
});

/** Fails as many attempts as `hours`. They are an hour of Temporal's time apart. */
function awayForHours(hours: number): void {
  if (activityInfo().attempt > hours) return;
  throw ApplicationFailure.create({ message: "KTRDR is away", nextRetryDelay: "1 hour" });
}

// No job has a timer. Activities do all the waiting, so their retries make the time pass here.
describe("a job of ten hours", () => {
  it("that queued for five and took two to start has no longer history than one of a second", async () => {
    const env = await startTimeSkipping();
    cleanups.push(async () => await env.teardown());
    const stage = new Stage();
    const activities = stage.activities(createSlots(env.client));
    const worker = await startScriptedWorker(env, {
      ...activities,
      // The test grants the slot: a real keeper watches without end, with ten seconds of Temporal's time a heartbeat.
      admitJob: async () => ({ finished: null }),
      startComputation: async (input, computation) => {
        awayForHours(2);
        return await activities.startComputation(input, computation);
      },
      awaitComputation: async (input, computation, operationId) => {
        awayForHours(10);
        return await activities.awaitComputation(input, computation, operationId);
      },
    });
    cleanups.push(async () => await worker.stop());
    const begun = await env.currentTimeMs();
    const handle = await env.client.workflow.start("trainModel", workflow("train-long"));
    await env.sleep("5 hours");
    await handle.signal("slotGranted");
    expect(await handle.result()).toMatchObject({ status: "completed" });
    expect((await env.currentTimeMs()) - begun).toBeGreaterThanOrEqual(17 * 3_600_000);
    const { events } = await handle.fetchHistory();
    expect(events?.length).toBeLessThanOrEqual(30);
    expect(stage.calls).toEqual(["start train-long 1", "record train-long completed"]);
  });
});

/** Activities that admit and record as the real ones do, in a real PostgreSQL. */
async function recording(env: TestWorkflowEnvironment, stage: Stage): Promise<Activities> {
  const database = await createTestDatabase();
  cleanups.push(async () => await database.drop());
  const pool = createPool(database.url);
  cleanups.push(async () => await pool.end());
  const jobs = { ...createJobReader(pool), ...createJobWriter(pool) };
  const scripted = stage.activities(createSlots(env.client));
  const strategies = { read: async () => ({ text: "name: probe" }) };
  const executions = createExecutions(env.client, inputOf("any", TRAINING).settings);
  const real = { jobs, strategies, executions, slots: createSlots(env.client) } as unknown as ActivityDeps;
  return {
    ...scripted,
    ...admitActivities(real),
    recordOutcome: async (request) => {
      await scripted.recordOutcome(request);
      const { jobId } = request.input;
      const outcome: JobOutcome = { ...outcomeOf(jobId, "completed"), headline: "trained 100 epochs" };
      return await jobs.finish(jobId, outcome, trainingResult(), null);
    },
  };
}

describe("a job whose history Temporal has deleted after its retention", () => {
  it("is answered from the record when it is asked for again, without computing", async () => {
    const env = await startWorkflowEnvironment();
    cleanups.push(async () => await env.teardown());
    const stage = new Stage();
    const worker = await startScriptedWorker(env, await recording(env, stage));
    cleanups.push(async () => await worker.stop());
    const { client } = env;
    const first = await client.workflow.start("trainModel", workflow("train-old"));
    const outcome = await first.result();

    await client.workflowService.deleteWorkflowExecution({
      namespace: client.options.namespace,
      workflowExecution: { workflowId: "train-old", runId: first.firstExecutionRunId },
    });
    const gone = async (): Promise<boolean> =>
      await first.describe().then(
        () => false,
        (error: unknown) => error instanceof WorkflowNotFoundError,
      );
    while (!(await gone())) await delay(50);

    const again = await client.workflow.start("trainModel", workflow("train-old"));
    expect(await again.result()).toEqual(outcome);
    expect(again.firstExecutionRunId).not.toBe(first.firstExecutionRunId);
    expect(stage.calls).toEqual(["start train-old 1", "record train-old completed"]);
  });
});
