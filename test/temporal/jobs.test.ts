import { setTimeout as delay } from "node:timers/promises";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { ComputationEnd } from "../../src/domain/job.ts";
import type { TrainingRequest } from "../../src/domain/kinds/training.ts";
import { calling, lazyClient } from "../../src/temporal/connection.ts";
import { createJobs, type Jobs } from "../../src/temporal/jobs.ts";
import { isPolled } from "../../src/temporal/pollers.ts";
import { createSlots } from "../../src/temporal/slots.ts";
import { freePort } from "../support/ports.ts";
import { LOST, Stage, SUCCEEDED } from "../support/stage.ts";
import { SETTINGS, TRAINING } from "../support/job-inputs.ts";
import { startScriptedWorker, startWorkflowEnvironment, type RunningWorker } from "../support/workflow-env.ts";

let env: TestWorkflowEnvironment;
let worker: RunningWorker;
let stage: Stage;
let jobs: Jobs;

beforeAll(async () => {
  env = await startWorkflowEnvironment();
  stage = new Stage();
  worker = await startScriptedWorker(env, stage.activities(createSlots(env.client)));
  jobs = createJobs(env.client, SETTINGS);
});

afterAll(async () => {
  await worker?.stop();
  await env?.teardown();
});

const OPTIONS = { forceReason: null, client: "test" };
const training = (strategy: string): TrainingRequest => ({ ...TRAINING, strategy });

/** Starts a job that computes until the test says how it ends. */
async function startHeld(strategy: string): Promise<{ jobId: string; end: (end: ComputationEnd) => void }> {
  const { promise, resolve } = Promise.withResolvers<ComputationEnd>();
  // A test that failed must not keep the slot from the tests after it.
  onTestFinished(() => resolve(SUCCEEDED));
  const { jobId } = jobs.idOf(training(strategy), null);
  stage.scripts.set(jobId, { ends: [promise] });
  await jobs.start(training(strategy), OPTIONS);
  while ((await liveOf(jobId))?.phase !== "running") await delay(20);
  return { jobId, end: resolve };
}

const liveOf = async (jobId: string) => await jobs.live(jobId, 5_000, (await jobs.view(jobId))?.historyEvents ?? 0);

const closed = async (jobId: string): Promise<void> =>
  await jobs.waitForClose(jobId, 20_000, new AbortController().signal);

describe("starting", () => {
  it("makes readable ids of the content alone", () => {
    const { jobId, requestHash } = jobs.idOf(training("rsi_reversion"), null);
    expect(jobId).toBe(`train-rsi_reversion-${requestHash.slice(0, 8)}`);
    const reordered = Object.fromEntries(
      Object.entries(training("rsi_reversion")).reverse(),
    ) as unknown as TrainingRequest;
    expect(jobs.idOf(reordered, null).jobId).toBe(jobId);
    expect(jobs.idOf({ ...training("rsi_reversion"), endDate: "2013-12-31" }, null).jobId).not.toBe(jobId);
    expect(jobs.idOf(training("rsi_reversion"), "a second draw").jobId).not.toBe(jobId);
  });

  it("starts a request once, however many ask at the same time, and later", async () => {
    const starts = await Promise.all(
      Array.from({ length: 10 }, async () => await jobs.start(training("twice"), OPTIONS)),
    );
    expect(starts.filter(({ existing }) => !existing)).toHaveLength(1);
    expect(new Set(starts.map(({ jobId }) => jobId)).size).toBe(1);
    await closed(starts[0]!.jobId);
    expect(await jobs.start(training("twice"), OPTIONS)).toMatchObject({ existing: true });
    expect(stage.calls.filter((call) => call.startsWith(`start ${starts[0]!.jobId} `))).toHaveLength(1);
  });

  it("is searchable and readable for operators", async () => {
    const { jobId, end } = await startHeld("visible");
    const description = await env.client.workflow.getHandle(jobId).describe();
    expect(description.searchAttributes).toMatchObject({
      KtrdrStrategy: ["visible"],
      KtrdrSymbol: ["SPX"],
      KtrdrTimeframe: ["1d"],
      KtrdrKind: ["training"],
      KtrdrClient: [OPTIONS.client],
    });
    expect(await description.staticSummary()).toContain("train visible on SPX 1d");
    expect(await description.staticDetails()).toContain("2014-12-31");
    let listed = await jobs.openJobs(50);
    while (!listed.some((job) => job.jobId === jobId)) {
      await delay(100);
      listed = await jobs.openJobs(50);
    }
    expect(listed.find((job) => job.jobId === jobId)).toMatchObject({ kind: "training", strategy: "visible" });
    end(SUCCEEDED);
    await closed(jobId);
  });
});

describe("looking", () => {
  it("tells what a job does and how it ended", async () => {
    const { jobId, end } = await startHeld("looked-at");
    expect(await liveOf(jobId)).toMatchObject({ phase: "running" });
    expect(await jobs.view(jobId)).toMatchObject({
      execution: "running",
      kind: "training",
      outcome: null,
      cancelRequested: false,
    });
    end(SUCCEEDED);
    await closed(jobId);
    expect(await jobs.view(jobId)).toMatchObject({
      execution: "completed",
      outcome: { status: "completed" },
      pending: null,
    });
  });

  it("tells the place in the queue", async () => {
    const first = await startHeld("in-front");
    const { jobId } = await jobs.start(training("behind"), OPTIONS);
    let live = await liveOf(jobId);
    while (live?.queuePosition == null) {
      await delay(50);
      live = await liveOf(jobId);
    }
    expect(live).toMatchObject({ phase: "queued", queuePosition: 1 });
    first.end(SUCCEEDED);
    await closed(jobId);
  });

  it("reads the outcome of a failed job as well", async () => {
    const { jobId } = jobs.idOf(training("hopeless"), null);
    stage.scripts.set(jobId, { ends: [LOST, LOST, LOST].map(async (end) => end) });
    await jobs.start(training("hopeless"), OPTIONS);
    await closed(jobId);
    expect(await jobs.view(jobId)).toMatchObject({
      execution: "failed",
      outcome: { status: "failed", failure: { code: "computation_lost" } },
    });
  });

  it("does not know what never was", async () => {
    expect(await jobs.view("train-nobody-00000000")).toBeNull();
    expect(await jobs.live("train-nobody-00000000", 1_000, 0)).toBeNull();
    expect(await jobs.cancel("train-nobody-00000000", "test")).toBe("not_found");
  });

  it("sees whether a worker polls", async () => {
    expect(await jobs.workersPolling()).toBe(true);
  });

  it("does not go on calling down a worker that has come", async () => {
    const other = await startWorkflowEnvironment();
    try {
      const asked = createJobs(other.client, SETTINGS);
      expect(await asked.workersPolling()).toBe(false);
      const late = await startScriptedWorker(other, new Stage().activities(createSlots(other.client)));
      while (!(await isPolled(other.client))) await delay(10);
      expect(await asked.workersPolling()).toBe(true);
      await late.stop();
    } finally {
      await other.teardown();
    }
  });
});

describe("cancelling", () => {
  it("asks a running job to stop, with the reason for the operators, and knows a closed one", async () => {
    const { jobId } = await startHeld("runaway");
    expect(await jobs.cancel(jobId, "too long")).toBe("requested");
    await closed(jobId);
    expect((await jobs.view(jobId))?.execution).toBe("cancelled");
    expect(await jobs.cancel(jobId, "again")).toBe("already_closed");
    const history = await env.client.workflow.getHandle(jobId).fetchHistory();
    expect(JSON.stringify(history)).toContain("too long");
  });

  it("a wait that is aborted leaves the job alone", async () => {
    const { jobId, end } = await startHeld("patient");
    const abort = new AbortController();
    const waiting = jobs.waitForClose(jobId, 60_000, abort.signal);
    abort.abort();
    await waiting;
    expect(await jobs.view(jobId)).toMatchObject({ execution: "running", cancelRequested: false });
    end(SUCCEEDED);
    await closed(jobId);
  });
});

describe("waiting", () => {
  it.each([800.5, 2_500])("of %i ms asks Temporal once, not again and again towards its end", async (ms) => {
    const { jobId, end } = await startHeld(`long-${ms}`);
    const asked = vi.spyOn(env.client.workflowService, "getWorkflowExecutionHistory");
    onTestFinished(() => asked.mockRestore());
    await jobs.waitForClose(jobId, ms, new AbortController().signal);
    expect(asked).toHaveBeenCalledTimes(1);
    end(SUCCEEDED);
    await closed(jobId);
  });
});

describe("with Temporal down", () => {
  it("says so in our words, and waits no longer than its deadline", async () => {
    const dead = createJobs(
      lazyClient({ connection: { address: `127.0.0.1:${await freePort()}` }, namespace: "default" }),
      SETTINGS,
    );
    const unavailable = { code: "temporal_unavailable", number: -32001 };
    await expect(dead.start(training("x"), OPTIONS)).rejects.toMatchObject(unavailable);
    await expect(dead.view("train-x-00000000")).rejects.toMatchObject(unavailable);
    await expect(dead.ping()).rejects.toMatchObject(unavailable);
    expect(await dead.live("train-x-00000000", 500, 0)).toBeNull();
  });

  it.each([1, 2, 4, 8, 10, 13, 14, 15])("an answer that breaks off with gRPC's code %i is an outage", async (code) => {
    const client = lazyClient({ connection: { address: "127.0.0.1:1" }, namespace: "default" });
    const broken = calling(client, async () => {
      throw Object.assign(new Error("Received RST_STREAM"), { code });
    });
    await expect(broken).rejects.toMatchObject({ code: "temporal_unavailable" });
  });
});
