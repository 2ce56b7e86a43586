import { setTimeout as delay } from "node:timers/promises";
import { WorkflowFailedError, type WorkflowHandle } from "@temporalio/client";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { CampaignStep } from "../../src/activities/campaign.ts";
import type { ComputationEnd } from "../../src/domain/job.ts";
import type { JobOutcome } from "../../src/domain/outcome.ts";
import { CAMPAIGN, campaignInput } from "../support/campaigns.ts";
import { outcomeOf } from "../support/job-inputs.ts";
import { startStage, SUCCEEDED, type Stage } from "../support/stage.ts";

const FAILED: ComputationEnd = {
  fate: "failed",
  failure: { code: "computation_failed", what: "no", why: null, next: null },
  partial: null,
  faultsSeen: [],
  mayStillCompute: false,
};
const NOTHING_SHOWN = { code: "computation_failed" as const, what: "all failed", why: null, next: null };

let env: TestWorkflowEnvironment;
let stage: Stage;
let stop: (() => Promise<void>) | undefined;

beforeAll(async () => {
  ({ env, stage, stop } = await startStage());
});
afterEach(() => stage.releaseHeld());
afterAll(async () => await stop?.());
beforeEach(() => {
  stage.capacity = 8;
  stage.mostInFlight = 0;
});

/** Steps of so many jobs each. */
const steps = (...sizes: number[]): CampaignStep[] =>
  sizes.map((size, at) => {
    const before = sizes.slice(0, at).reduce((sum, one) => sum + one, 0);
    return { stage: "rung", runs: Array.from({ length: size }, (_, n) => before + n), failure: null };
  });

async function start(jobId: string, plan: readonly CampaignStep[], atOnce = CAMPAIGN.atOnce): Promise<WorkflowHandle> {
  stage.plans.set(jobId, plan);
  return await env.client.workflow.start("campaign", {
    workflowId: jobId,
    taskQueue: "ktrdr-jobs",
    args: [campaignInput(jobId, { ...CAMPAIGN, atOnce })],
  });
}

const callsOf = (word: string): string[] => stage.calls.filter((call) => call.includes(word));
const recorded = (jobId: string): string | undefined =>
  stage.calls
    .find((call) => call.startsWith(`record ${jobId} `))
    ?.split(" ")
    .at(-1);

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(20);
}

/** Events of each run of a workflow, the first run first. */
async function eventsOfRuns({ workflowId }: WorkflowHandle): Promise<number[]> {
  const lengths: number[] = [];
  for await (const { runId, historyLength } of env.client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
    expect(runId).toBeDefined();
    lengths.push(historyLength ?? 0);
  }
  return lengths.toReversed();
}

it("plans a step when all jobs of the one before have ended, and computes each job once", async () => {
  const { end, release } = stage.held();
  stage.scripts.set("train-campaign-steps-2", { ends: [end] });
  const handle = await start("campaign-steps", steps(5, 2));
  await until(() => callsOf("record train-campaign-steps-").length === 4);
  expect(callsOf("plan campaign-steps")).toEqual(["plan campaign-steps 0"]);
  release(SUCCEEDED);
  expect(((await handle.result()) as JobOutcome).status).toBe("completed");
  expect(callsOf("plan campaign-steps")).toEqual([0, 1, 2].map((n) => `plan campaign-steps ${n}`));
  const began = callsOf("start train-campaign-steps-");
  expect(began.toSorted()).toEqual(Array.from({ length: 7 }, (_, n) => `start train-campaign-steps-${n} 1`));
  expect(stage.mostInFlight).toBeLessThanOrEqual(CAMPAIGN.atOnce);
});

it("goes on when jobs fail, cannot be prepared, or are known", async () => {
  stage.scripts.set("train-campaign-bad-0", { ends: [Promise.resolve(FAILED)] });
  stage.impossible.add("train-campaign-bad-1");
  stage.known.set("train-campaign-bad-2", outcomeOf("train-campaign-bad-2", "completed"));
  const handle = await start("campaign-bad", steps(4, 1));
  expect(((await handle.result()) as JobOutcome).status).toBe("completed");
  expect(callsOf("start train-campaign-bad-").toSorted()).toEqual([
    "start train-campaign-bad-0 1",
    "start train-campaign-bad-3 1",
    "start train-campaign-bad-4 1",
  ]);
});

it("fails when its plan says that it has shown nothing", async () => {
  const over: CampaignStep = { stage: "over", runs: [], failure: NOTHING_SHOWN };
  await expect((await start("campaign-vain", [...steps(1), over])).result()).rejects.toThrow(WorkflowFailedError);
  expect(recorded("campaign-vain")).toBe("failed");
});

it("that is cancelled stops its jobs, begins no others, and ends as cancelled", async () => {
  stage.scripts.set("train-campaign-gone-0", { ends: [stage.held().end] });
  const handle = await start("campaign-gone", steps(3, 3), 1);
  await until(() => callsOf("start train-campaign-gone-0").length === 1);
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
  expect(recorded("campaign-gone")).toBe("cancelled");
  expect(callsOf("stop train-campaign-gone-0-op1")).toHaveLength(1);
  expect(callsOf("start train-campaign-gone-")).toHaveLength(1);
  expect((await handle.describe()).status.name).toBe("CANCELLED");
});

it("that is cancelled while the last job of a step ends all the same ends as cancelled, and plans nothing more", async () => {
  const { end, release } = stage.held();
  stage.recording.set("train-campaign-late-0", end);
  const handle = await start("campaign-late", steps(1, 1));
  await until(() => recorded("train-campaign-late-0") === "completed");
  await handle.cancel();
  const asked = async () =>
    ((await handle.fetchHistory()).events ?? []).some((event) => event.workflowExecutionCancelRequestedEventAttributes);
  await until(asked);
  release(SUCCEEDED);
  await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
  expect(recorded("campaign-late")).toBe("cancelled");
  expect(callsOf("plan campaign-late")).toEqual(["plan campaign-late 0"]);
  expect((await handle.describe()).status.name).toBe("CANCELLED");
});

it("that is terminated leaves no job behind", async () => {
  stage.scripts.set("train-campaign-killed-0", { ends: [stage.held().end] });
  const handle = await start("campaign-killed", steps(2));
  await until(() => callsOf("start train-campaign-killed-0").length === 1);
  await handle.terminate("a runaway");
  await until(() => recorded("train-campaign-killed-0") === "cancelled");
});

it("tells operators what it does", async () => {
  const { end, release } = stage.held();
  stage.scripts.set("train-campaign-told-1", { ends: [end] });
  const handle = await start("campaign-told", steps(2));
  const shown = async () =>
    (await handle.query<{ currentDetails: string }>("__temporal_workflow_metadata")).currentDetails;
  await until(async () => (await shown()).includes("| jobs of the step | 1 of 2 have ended |"));
  expect(await shown()).toContain("| step | 1: rung |");
  release(SUCCEEDED);
  await handle.result();
});

/** The largest step of a campaign has so many jobs (test/domain/campaign/next-step.test.ts). */
const LARGEST_STEP = 160;
const FEW = 20;

it("keeps each history below 2,000 events, also that of its largest step", async () => {
  const handle = await start("campaign-long", steps(FEW, 1), 8);
  expect(((await handle.result()) as JobOutcome).status).toBe("completed");
  const [few = 0, one = 0, over = 0] = await eventsOfRuns(handle);
  expect(over).toBeGreaterThan(0);
  const eachJob = (few - one) / (FEW - 1);
  expect(one + eachJob * (LARGEST_STEP - 1)).toBeLessThan(2_000);
});
