/** The warden by itself. test/activities/tend.test.ts tests its work, test/e2e/operators.test.ts its schedule. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import { JOB_QUEUE } from "../../src/temporal/job-types.ts";
import { createSlots } from "../../src/temporal/slots.ts";
import { ensureWarden } from "../../src/temporal/warden.ts";
import { until } from "../../lab/until.ts";
import { Stage } from "../support/stage.ts";
import { startTimeSkipping } from "../support/temporal.ts";
import { startScriptedWorker, startWorkflowEnvironment, type RunningWorker } from "../support/workflow-env.ts";

it("looks every half a minute for most of an hour, in one run", async () => {
  const env = await startTimeSkipping();
  let looks = 0;
  const worker = await startScriptedWorker(env, {
    ...new Stage().activities(createSlots(env.client)),
    tendJobs: async () => void (looks += 1),
  });
  try {
    const handle = await env.client.workflow.start("warden", { workflowId: "warden", taskQueue: JOB_QUEUE, args: [] });
    await handle.result();
    const { startTime, closeTime = startTime } = await handle.describe();
    const minutes = (closeTime.getTime() - startTime.getTime()) / 60_000;
    expect(minutes).toBeGreaterThanOrEqual(50);
    expect(minutes).toBeLessThan(60);
    expect(looks).toBeGreaterThanOrEqual(95);
    // Temporal warns at ten thousand events.
    expect((await handle.fetchHistory()).events?.length).toBeLessThan(2_000);
  } finally {
    await worker.stop();
    await env.teardown();
  }
});

describe("its schedule", () => {
  let env: TestWorkflowEnvironment;
  let worker: RunningWorker;
  let looks = 0;
  beforeAll(async () => {
    env = await startWorkflowEnvironment();
    const activities = new Stage().activities(createSlots(env.client));
    worker = await startScriptedWorker(env, { ...activities, tendJobs: async () => void (looks += 1) });
    await ensureWarden(env.client);
  });
  afterAll(async () => {
    await worker?.stop();
    await env?.teardown();
  });
  const looked = async (times: number) =>
    await until(async () => looks >= times, { what: `${times} looks of the warden`, timeoutMs: 150_000 });
  const recent = async () => {
    const { info } = await env.client.schedule.getHandle("ktrdr-warden").describe();
    return info.recentActions.map(({ action }) => action.workflow.workflowId);
  };

  it("starts nothing beside one that runs, and another one when that was terminated", async () => {
    await looked(3);
    const [first = "", ...more] = await recent();
    expect(more).toEqual([]);
    const { currentDetails } = await env.client.workflow
      .getHandle(first)
      .query<{ currentDetails: string }>("__temporal_workflow_metadata");
    expect(currentDetails).toMatch(/looks of this warden \| [3-9]/);
    await env.client.workflow.getHandle(first).terminate("too wide a query");
    await looked(looks + 1);
    expect(await recent()).toHaveLength(2);
  });
});
