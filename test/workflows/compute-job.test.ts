import { setTimeout as delay } from "node:timers/promises";
import { WorkflowFailedError, type WorkflowHandle } from "@temporalio/client";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { JobFailure } from "../../src/domain/outcome.ts";
import type { ComputationEnd } from "../../src/domain/job.ts";
import type { ComputeRequest } from "../../src/domain/kinds/index.ts";
import { slotKeeperId, type SlotState } from "../../src/domain/slots.ts";
import { createSlots } from "../../src/temporal/slots.ts";
import { batchRequest } from "../support/batches.ts";
import { LOST, startStage, type Stage, SUCCEEDED } from "../support/stage.ts";
import { BACKTEST, inputOf, outcomeOf, TRAINING } from "../support/job-inputs.ts";

let env: TestWorkflowEnvironment;
let stage: Stage;
let stop: (() => Promise<void>) | undefined;

beforeAll(async () => {
  ({ env, stage, stop } = await startStage());
});
afterEach(() => stage.releaseHeld());
afterAll(async () => await stop?.());

const held = () => stage.held();

const start = async (jobId: string, request: ComputeRequest = TRAINING, priority?: number): Promise<WorkflowHandle> =>
  await env.client.workflow.start(request.kind === "backtest" ? "runBacktest" : "trainModel", {
    workflowId: jobId,
    taskQueue: "ktrdr-jobs",
    args: [inputOf(jobId, request, priority)],
  });

const phaseOf = async (handle: WorkflowHandle): Promise<string> =>
  (await handle.query<{ phase: string }>("jobState")).phase;
const shownOf = async (handle: Pick<WorkflowHandle, "query">) =>
  (await handle.query<{ currentDetails: string }>("__temporal_workflow_metadata")).currentDetails;

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(20);
}

/** How many workflow tasks a run takes depends on how its events fall together; every other event is its own doing. */
async function eventsBesideTasks(handle: WorkflowHandle): Promise<number> {
  const { events } = await handle.fetchHistory();
  const own = events?.filter((event) => !Object.keys(event).some((key) => key.startsWith("workflowTask")));
  return own?.length ?? 0;
}

const callsOf = (jobId: string): string[] => stage.calls.filter((call) => call.includes(jobId));

describe("a job", () => {
  it("is admitted, started once, awaited and recorded in 13 events beside its workflow tasks", async () => {
    const handle = await start("train-happy");
    expect(await handle.result()).toMatchObject({ status: "completed" });
    expect(callsOf("train-happy")).toEqual([
      "admit train-happy 1",
      "start train-happy 1",
      "record train-happy completed",
    ]);
    expect(await eventsBesideTasks(handle)).toBe(13);
  });

  it("needs no more events when it had to queue", async () => {
    const first = held();
    stage.scripts.set("train-first", { ends: [first.end] });
    const running = await start("train-first");
    await until(async () => (await phaseOf(running)) === "running");
    const queued = await start("train-second");
    await until(async () => callsOf("train-second").length === 1);
    const keeper = env.client.workflow.getHandle(slotKeeperId("training"));
    await until(async () => (await keeper.query<SlotState>("slotState")).queue.includes("train-second"));
    expect(await phaseOf(queued)).toBe("queued");
    // What Temporal's Web UI shows as current details.
    expect([await shownOf(queued), await shownOf(running)]).toEqual([
      expect.stringMatching(/^\*\*Queued\*\*/),
      expect.stringMatching(/^\*\*Computing\*\*[^]*`train-first-op1`/),
    ]);
    const slots = await shownOf(keeper);
    for (const fact of ["1 taken, 1 waited for", "`train-first`", "`train-second`"]) expect(slots).toContain(fact);
    first.release(SUCCEEDED);
    await queued.result();
    expect(await eventsBesideTasks(queued)).toBe(13);
  });

  it("shows who asked, as code, for no event of its history", async () => {
    const computing = held();
    stage.scripts.set("train-shown", { ends: [computing.end] });
    const client = "me`](https://evil.example)\\|<img src=x>";
    const handle = await env.client.workflow.start("trainModel", {
      workflowId: "train-shown",
      taskQueue: "ktrdr-jobs",
      args: [{ ...inputOf("train-shown", TRAINING), client }],
    });
    await until(async () => (await phaseOf(handle)) === "running");
    const shown = await shownOf(handle);
    expect(shown).toContain("| asked by | `me'](https://evil.example)\\¦<img src=x>` |");
    computing.release(SUCCEEDED);
    await handle.result();
    expect(await eventsBesideTasks(handle)).toBe(13);
  });

  it("answers from the record without computing again", async () => {
    stage.scripts.set("train-known", { ends: [], finished: outcomeOf("train-known", "completed") });
    const handle = await start("train-known");
    expect(await handle.result()).toMatchObject({ status: "completed" });
    expect(callsOf("train-known")).toEqual(["admit train-known 1"]);
  });

  it.each([
    ["cancelled", "CANCELLED"],
    ["terminated", "TERMINATED"],
    ["failed", "FAILED"],
  ] as const)("ends as it is on record: %s", async (status, closed) => {
    for (const [type, request] of [
      ["trainModel", TRAINING],
      ["runBatch", batchRequest(2)],
    ] as const) {
      const jobId = `${type}-${status}-before`;
      stage.scripts.set(jobId, { ends: [], finished: outcomeOf(jobId, status) });
      const handle = await env.client.workflow.start(type, {
        workflowId: jobId,
        taskQueue: "ktrdr-jobs",
        args: [{ ...inputOf(jobId, TRAINING), request }],
      });
      await expect(handle.result()).rejects.toThrow();
      expect((await handle.describe()).status.name).toBe(closed);
      expect(callsOf(jobId)).toEqual([`admit ${jobId} 1`]);
    }
  });

  it("computes again after a proven loss, and only so often", async () => {
    stage.scripts.set("backtest-lossy", { ends: [Promise.resolve(LOST)] });
    expect(await (await start("backtest-lossy", BACKTEST)).result()).toMatchObject({ status: "completed" });
    expect(callsOf("backtest-lossy")).toEqual([
      "admit backtest-lossy 1",
      "start backtest-lossy 1",
      "admit backtest-lossy 2",
      "start backtest-lossy 2",
      "record backtest-lossy completed",
    ]);
    stage.scripts.set("backtest-doomed", { ends: [LOST, LOST, LOST].map(async (end) => end) });
    const doomed = await start("backtest-doomed", BACKTEST);
    await expect(doomed.result()).rejects.toMatchObject({ cause: { type: "computation_lost" } });
    expect(callsOf("backtest-doomed").at(-1)).toBe("record backtest-doomed failed");
  });

  it("fails with what KTRDR said, recorded", async () => {
    const failure: JobFailure = { code: "computation_failed", what: "It failed.", why: "one class", next: null };
    const end: ComputationEnd = { fate: "failed", failure, partial: null, faultsSeen: [], mayStillCompute: false };
    stage.scripts.set("train-bad", { ends: [Promise.resolve(end)] });
    const handle = await start("train-bad");
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: "computation_failed" } });
    expect(callsOf("train-bad").at(-1)).toBe("record train-bad failed");
  });

  it("cancelled while queued never starts", async () => {
    const first = held();
    stage.scripts.set("train-before", { ends: [first.end] });
    const before = await start("train-before");
    await until(async () => (await phaseOf(before)) === "running");
    const handle = await start("train-queued");
    await until(() => callsOf("train-queued").length === 1);
    await handle.cancel();
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect((await handle.describe()).status.name).toBe("CANCELLED");
    expect(callsOf("train-queued")).toEqual(["admit train-queued 1", "record train-queued cancelled"]);
    first.release(SUCCEEDED);
    await before.result();
  });

  it("cancelled while its start is under way waits for the answer, and stops what was started", async () => {
    const starting = Promise.withResolvers<void>();
    stage.scripts.set("train-starting", { ends: [held().end], starts: starting.promise });
    const handle = await start("train-starting");
    await until(() => callsOf("train-starting").includes("start train-starting 1"));
    await handle.cancel();
    const since = async () => {
      const events = (await handle.fetchHistory()).events ?? [];
      return events.slice(events.findIndex((event) => event.workflowExecutionCancelRequestedEventAttributes != null));
    };
    await until(async () => (await since()).some((event) => event.workflowTaskCompletedEventAttributes != null));
    // The activity that starts was not told of the cancellation: it would leave what it started to itself.
    expect((await since()).filter((event) => event.activityTaskCancelRequestedEventAttributes != null)).toEqual([]);
    starting.resolve();
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect(callsOf("train-starting").slice(-2)).toEqual(["stop train-starting-op1", "record train-starting cancelled"]);
  });

  it("cancelled while running is stopped, then recorded", async () => {
    stage.scripts.set("train-cancel", { ends: [held().end] });
    const handle = await start("train-cancel");
    await until(async () => (await phaseOf(handle)) === "running");
    await handle.cancel();
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect((await handle.describe()).status.name).toBe("CANCELLED");
    expect(callsOf("train-cancel").slice(-2)).toEqual(["stop train-cancel-op1", "record train-cancel cancelled"]);
  });
});

describe("the slot keeper", () => {
  it("never lets more jobs compute than there are slots, and serves by priority, then in order", async () => {
    stage.mostInFlight = 0;
    const blocker = held();
    stage.scripts.set("backtest-blocker", { ends: [blocker.end] });
    const handle = await start("backtest-blocker", BACKTEST);
    await until(async () => (await phaseOf(handle)) === "running");
    const handles: WorkflowHandle[] = [];
    for (const [jobId, priority] of [
      ["q-a", 3],
      ["q-b", 3],
      ["q-c", 3],
      ["q-urgent", 1],
    ] as const) {
      handles.push(await start(`backtest-${jobId}`, BACKTEST, priority));
      await until(() => callsOf(`backtest-${jobId}`).length > 0);
    }
    blocker.release(SUCCEEDED);
    await Promise.all(handles.map((each) => each.result()));
    const order = stage.calls.filter((call) => call.startsWith("start backtest-q-"));
    expect(order.map((call) => call.split(" ")[1])).toEqual([
      "backtest-q-urgent",
      "backtest-q-a",
      "backtest-q-b",
      "backtest-q-c",
    ]);
    expect(stage.mostInFlight).toBe(1);
  });

  it("keeps a job's place when it claims again: an admission that was slow is repeated", async () => {
    const blocker = held();
    stage.scripts.set("backtest-in-front", { ends: [blocker.end] });
    const inFront = await start("backtest-in-front", BACKTEST);
    await until(async () => (await phaseOf(inFront)) === "running");
    const handles: WorkflowHandle[] = [];
    const keeper = env.client.workflow.getHandle(slotKeeperId("backtest"));
    const queue = async () => (await keeper.query<SlotState>("slotState")).queue;
    for (const jobId of ["backtest-p-first", "backtest-p-second"]) {
      handles.push(await start(jobId, BACKTEST));
      await until(async () => (await queue()).includes(jobId));
    }
    const claim = { jobId: "backtest-p-first", priority: 3, computation: 1 };
    await createSlots(env.client).claim("backtest", claim);
    expect(await queue()).toEqual(["backtest-p-first", "backtest-p-second"]);
    blocker.release(SUCCEEDED);
    await Promise.all([inFront, ...handles].map((each) => each.result()));
  });

  it("takes the slot of a terminated job back after its computing was settled", async () => {
    stage.scripts.set("train-killed", { ends: [held().end] });
    const handle = await start("train-killed");
    await until(async () => (await phaseOf(handle)) === "running");
    const next = await start("train-after-killed");
    await handle.terminate("runaway");
    stage.closed.add("train-killed");
    await next.result();
    const settled = stage.calls.indexOf("settle train-killed");
    expect(settled).toBeGreaterThan(-1);
    expect(stage.calls.indexOf("start train-after-killed 1")).toBeGreaterThan(settled);
  });

  it("goes on with the others while a terminated job cannot be settled, and never settles it twice at once", async () => {
    const stuck = Promise.withResolvers<void>();
    stage.capacity = 2;
    stage.stuck.set("backtest-stuck", stuck.promise);
    stage.scripts.set("backtest-stuck", { ends: [held().end] });
    const handle = await start("backtest-stuck", BACKTEST);
    await until(async () => (await phaseOf(handle)) === "running");
    await handle.terminate("runaway");
    stage.closed.add("backtest-stuck");
    await until(() => callsOf("backtest-stuck").includes("settle backtest-stuck"));
    await (await start("backtest-beside", BACKTEST)).result();

    const keeper = env.client.workflow.getHandle(slotKeeperId("backtest"));
    const { runId } = await keeper.describe();
    const news = async () => await keeper.signal("releaseSlot", "backtest-nobody");
    while ((await keeper.describe()).runId === runId) {
      await Promise.all([news(), news(), news()]);
      // On a busy machine signals would pile up faster than the keeper reads them, and it could never begin anew.
      await keeper.query("slotState");
    }
    expect(await shownOf(keeper)).toContain("| closed, being stopped | `backtest-stuck` |");
    await until(() => callsOf("settle backtest-stuck").length === 2);
    expect((await keeper.query<SlotState>("slotState")).held).toEqual(["backtest-stuck"]);
    await (await start("backtest-beside-later", BACKTEST)).result();

    stuck.resolve();
    await keeper.result();
    expect(callsOf("backtest-stuck").filter((call) => !/start|admit/.test(call))).toEqual([
      "settle backtest-stuck",
      "left backtest-stuck",
      "settle backtest-stuck",
      "left backtest-stuck",
    ]);
    stage.capacity = 1;
  });

  it("lets one job start at a time, however many workers are free: a lost answer could not be told from another's", async () => {
    const starting = Promise.withResolvers<void>();
    stage.capacity = 3;
    stage.scripts.set("backtest-slow-start", { ends: [], starts: starting.promise });
    const handles = [await start("backtest-slow-start", BACKTEST)];
    await until(() => callsOf("start backtest-slow-start").length === 1);
    for (const jobId of ["backtest-next", "backtest-last"]) {
      handles.push(await start(jobId, BACKTEST));
      await until(() => stage.watched.has(jobId));
    }
    // When its watch was told of the last job, the keeper had handled the job before.
    const keeper = env.client.workflow.getHandle(slotKeeperId("backtest"));
    expect((await keeper.query<SlotState>("slotState")).held).toEqual(["backtest-slow-start"]);
    starting.resolve();
    await Promise.all(handles.map((handle) => handle.result()));
    stage.capacity = 1;
  });

  it("says why a job waits, whatever it waits for", async () => {
    const [inFront, starting] = [held(), Promise.withResolvers<void>()];
    stage.scripts.set("train-front", { ends: [inFront.end], starts: starting.promise });
    const jobs = [await start("train-front")];
    const keeper = env.client.workflow.getHandle(slotKeeperId("training"));
    await until(() => callsOf("start train-front").length === 1);
    jobs.push(await start("train-waiting"));
    const reason = async () => (await keeper.query<SlotState>("slotState")).waitingFor;
    await until(async () => (await reason()) !== "");
    expect(await reason()).toBe("the job before it is starting");
    starting.resolve();
    await until(async () => (await reason()) !== "the job before it is starting");
    expect(await reason()).toBe("checking whether a worker of KTRDR is free");
    stage.reason = "all workers are taken";
    await until(async () => (await reason()) === "all workers are taken");
    inFront.release(SUCCEEDED);
    await Promise.all(jobs.map((each) => each.result()));
    expect(await reason()).toBe("");
  });

  it("ends when nothing is held or queued, and lives again with the next claim", async () => {
    const keeper = env.client.workflow.getHandle(slotKeeperId("training"));
    await until(async () => (await keeper.describe()).status.name === "COMPLETED");
    await (await start("train-again")).result();
  });

  it("keeps its own history bounded however many jobs it serves", async () => {
    stage.capacity = 8;
    const handles = await Promise.all(Array.from({ length: 60 }, async (_, n) => await start(`train-many-${n}`)));
    await Promise.all(handles.map((each) => each.result()));
    let longest = 0;
    for await (const run of env.client.workflow.list({ query: `WorkflowId = "${slotKeeperId("training")}"` })) {
      longest = Math.max(longest, run.historyLength ?? 0);
    }
    expect(longest).toBeLessThan(1_300);
    stage.capacity = 1;
  });
});
