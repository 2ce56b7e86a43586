import { setTimeout as delay } from "node:timers/promises";
import { WorkflowFailedError, type WorkflowHandle } from "@temporalio/client";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ComputationEnd } from "../../src/domain/job.ts";
import type { ManyRequest } from "../../src/domain/batch.ts";
import type { JobOutcome } from "../../src/domain/outcome.ts";
import { batchInput, batchRequest, measurementRequest } from "../support/batches.ts";
import { startStage, SUCCEEDED, type Stage } from "../support/stage.ts";
import { inputOf, outcomeOf, TRAINING } from "../support/job-inputs.ts";

const FAILED: ComputationEnd = {
  fate: "failed",
  failure: { code: "computation_failed", what: "no", why: null, next: null },
  partial: null,
  faultsSeen: [],
  mayStillCompute: false,
};

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

const start = async (jobId: string, request: ManyRequest, workflow = "runBatch"): Promise<WorkflowHandle> =>
  await env.client.workflow.start(workflow, {
    workflowId: jobId,
    taskQueue: "ktrdr-jobs",
    args: [batchInput(jobId, request)],
  });

const callsOf = (word: string): string[] => stage.calls.filter((call) => call.includes(word));
const recorded = (jobId: string): string | undefined =>
  stage.calls
    .find((call) => call.startsWith(`record ${jobId} `))
    ?.split(" ")
    .at(-1);

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(20);
}

/** What Temporal's Web UI shows as current details. */
const shownOf = async (handle: WorkflowHandle): Promise<string> =>
  (await handle.query<{ currentDetails: string }>("__temporal_workflow_metadata")).currentDetails;

const held = () => stage.held();

describe("a measurement", () => {
  const measure = async (jobId: string, prefixes: number) =>
    await start(jobId, measurementRequest(prefixes), "measureEquity");

  it("begins its proof when all other prefixes have ended", async () => {
    const { end, release } = held();
    stage.scripts.set("backtest-measure-all-2", { ends: [end] });
    const handle = await measure("measure-all", 6);
    await until(() => callsOf("record backtest-measure-all-").length === 4);
    expect(callsOf("prepare backtest-measure-all-5")).toEqual([]);
    const fact = "| prefixes | 4 of 6 have ended (66 %), 0 failed, 1 compute or wait |";
    await until(async () => (await shownOf(handle)).includes(fact));
    release(SUCCEEDED);
    expect(((await handle.result()) as JobOutcome).status).toBe("completed");
    const calls = callsOf("backtest-measure-all-").filter((call) => /^(start|record)/.test(call));
    expect(calls.slice(-3)).toEqual([
      "record backtest-measure-all-2 completed",
      "start backtest-measure-all-5 1",
      "record backtest-measure-all-5 completed",
    ]);
  });

  it("does without a few prefixes, and fails when more fail", async () => {
    for (const n of [0, 1, 2]) stage.scripts.set(`backtest-measure-few-${n}`, { ends: [Promise.resolve(FAILED)] });
    expect(((await (await measure("measure-few", 6)).result()) as JobOutcome).status).toBe("completed");
    for (const n of [0, 1, 2, 3]) stage.scripts.set(`backtest-measure-bad-${n}`, { ends: [Promise.resolve(FAILED)] });
    await expect((await measure("measure-bad", 6)).result()).rejects.toThrow(WorkflowFailedError);
    expect(recorded("measure-bad")).toBe("failed");
    expect(callsOf("start backtest-measure-bad-5")).toEqual([]);
  });

  it("that is cancelled while its proof waits ends, and stops its prefixes", async () => {
    stage.scripts.set("backtest-measure-gone-0", { ends: [held().end] });
    const handle = await measure("measure-gone", 3);
    await until(() => callsOf("record backtest-measure-gone-1").length === 1);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
    expect(recorded("measure-gone")).toBe("cancelled");
    expect(callsOf("stop backtest-measure-gone-0-op1")).toHaveLength(1);
    expect(callsOf("backtest-measure-gone-2")).toEqual([]);
  });
});

describe("a batch", () => {
  it("does every item once, no more of them at once than it was told, a backtest after its training", async () => {
    const handle = await start("batch-all", batchRequest(6, { work: "both" }));
    const outcome = (await handle.result()) as JobOutcome;
    expect(outcome.status).toBe("completed");
    for (let n = 0; n < 6; n += 1) {
      const calls = callsOf(`batch-all-${n}`).filter((call) => /^(start|record)/.test(call));
      expect(calls).toEqual([
        `start train-batch-all-${n} 1`,
        `record train-batch-all-${n} completed`,
        `start backtest-batch-all-${n} 1`,
        `record backtest-batch-all-${n} completed`,
      ]);
    }
    expect(stage.mostInFlight).toBeLessThanOrEqual(2);
    const { searchAttributes, memo } = await env.client.workflow.getHandle("backtest-batch-all-3").describe();
    expect(searchAttributes).toMatchObject({ KtrdrStrategy: ["s3"], KtrdrKind: ["backtest"] });
    expect(memo).toMatchObject({ kind: "backtest", client: "test" });
  });

  it("does not do what is known, nor what somebody else does: it waits for that and leaves it alone", async () => {
    stage.known.set("train-batch-known-0", outcomeOf("train-batch-known-0", "completed"));
    const { end, release } = held();
    stage.scripts.set("train-batch-known-1", { ends: [end] });
    // Somebody else's job has the same id.
    await env.client.workflow.start("trainModel", {
      workflowId: "train-batch-known-1",
      taskQueue: "ktrdr-jobs",
      args: [inputOf("train-batch-known-1", TRAINING)],
    });
    const theirs = Promise.withResolvers<JobOutcome>();
    stage.others.set("train-batch-known-1", theirs.promise);
    const handle = await start("batch-known", batchRequest(3));
    await until(() => callsOf("await train-batch-known-1").length > 0);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
    expect(callsOf("start train-batch-known-0")).toEqual([]);
    expect(callsOf("start train-batch-known-1")).toHaveLength(1);
    expect(recorded("train-batch-known-1")).toBeUndefined();
    release({ fate: "succeeded", summary: {}, faultsSeen: [] });
    await until(() => recorded("train-batch-known-1") === "completed");
    theirs.resolve(outcomeOf("train-batch-known-1", "completed"));
  });

  it("begins no others when more failed than it was told, and says so; what runs is let finish", async () => {
    for (const n of [0, 1, 2]) stage.scripts.set(`train-batch-bad-${n}`, { ends: [Promise.resolve(FAILED)] });
    const { end, release } = held();
    stage.scripts.set("train-batch-bad-3", { ends: [end] });
    const handle = await start("batch-bad", batchRequest(20, { maxFailures: 2 }));
    await until(() => recorded("train-batch-bad-2") === "failed");
    await until(() => callsOf("start train-batch-bad-3").length > 0);
    const fact = "| items | 3 of 20 have ended (15 %), 3 failed, 1 compute or wait |";
    await until(async () => (await shownOf(handle)).includes(fact));
    expect(await shownOf(handle)).toMatch(/^\*\*Giving up\*\*[^]*\| asked by \| `test` \|/);
    release({ fate: "succeeded", summary: {}, faultsSeen: [] });
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
    expect(recorded("batch-bad")).toBe("failed");
    expect(recorded("train-batch-bad-3")).toBe("completed");
    expect(callsOf("prepare train-batch-bad-")).toHaveLength(4);
  });

  it("counts an item that cannot be as failed, and goes on with the others", async () => {
    stage.impossible.add("train-batch-odd-1");
    const handle = await start("batch-odd", batchRequest(3));
    expect(await handle.result()).toMatchObject({ status: "completed" });
    expect([0, 1, 2].map((n) => recorded(`train-batch-odd-${n}`))).toEqual(["completed", undefined, "completed"]);
  });

  it("cancelled stops all of its jobs; one of them cancelled alone stops only that", async () => {
    for (const n of [0, 1, 2]) stage.scripts.set(`train-batch-stop-${n}`, { ends: [held().end] });
    const handle = await start("batch-stop", batchRequest(9, { atOnce: 3 }));
    await until(() => [0, 1, 2].every((n) => callsOf(`start train-batch-stop-${n} `).length === 1));
    await env.client.workflow.getHandle("train-batch-stop-1").cancel();
    await until(() => recorded("train-batch-stop-1") === "cancelled");
    await until(() => callsOf("prepare train-batch-stop-3").length === 1);
    expect(recorded("batch-stop")).toBeUndefined();
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
    expect(recorded("batch-stop")).toBe("cancelled");
    for (const n of [0, 2]) expect(recorded(`train-batch-stop-${n}`)).toBe("cancelled");
    expect(stage.inFlight.size).toBe(0);
  });

  it("of a thousand items keeps every history short: it goes on in new runs, and none is done twice", async () => {
    // Most items are known and cost no computing, because this test is about the batch itself.
    for (let n = 0; n < 1_000; n += 1) {
      if (n % 50 !== 0) stage.known.set(`train-batch-long-${n}`, outcomeOf(`train-batch-long-${n}`, "completed"));
    }
    const handle = await start("batch-long", batchRequest(1_000, { atOnce: 10 }));
    await handle.result();
    expect(new Set(callsOf("prepare train-batch-long-")).size).toBe(1_000);
    expect(callsOf("start train-batch-long-")).toHaveLength(20);
    // What a run was started with is not in the next one's metadata; what it shows goes on.
    expect(await shownOf(handle)).toContain("1000 of 1000 have ended (100 %)");
    const runs: number[] = [];
    for await (const { workflowId, historyLength } of env.client.workflow.list({
      query: "WorkflowType = 'runBatch'",
    })) {
      if (workflowId === "batch-long") runs.push(historyLength);
    }
    expect(runs.length).toBeGreaterThanOrEqual(10);
    expect(Math.max(...runs)).toBeLessThan(1_500);
  });
});
