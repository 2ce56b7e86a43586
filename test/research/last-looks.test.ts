import { describe, expect, test } from "vitest";
import type { SeenJob } from "../../src/store/job-row.ts";
import { DomainError } from "../../src/domain/errors.ts";
import type { Deps } from "../../src/research/ports.ts";
import { createLastLooks } from "../../src/research/jobs/last-looks.ts";
import { statusOf } from "../../src/research/jobs/task-status.ts";
import type { JobView } from "../../src/temporal/job-view.ts";
import { inputOf, outcomeOf, TRAINING } from "../support/job-inputs.ts";

const NOW = "2026-01-01T01:00:00.000Z";
const SINCE = "2026-01-01T00:00:00.000Z";
const JOB = "train-probe-1";

function viewOf(activity: string | null, historyEvents: number): JobView {
  const progress = { operationId: "op", phase: "running", percent: 50, step: "", at: NOW, since: NOW } as const;
  return {
    jobId: JOB,
    runId: "run",
    kind: "training",
    execution: "running",
    startedAt: SINCE,
    closedAt: null,
    requestHash: JOB,
    client: "test",
    pending:
      activity === null
        ? null
        : {
            activity,
            attempt: 1,
            lastFailure: null,
            lastHeartbeatAt: NOW,
            progress: { ...progress, faultsSeen: [] },
          },
    cancelRequested: false,
    outcome: null,
    historyEvents,
  };
}

function seenOf(computingSince: string | null): SeenJob {
  const { request, requestHash, forceReason, parentJobId, priority, client } = inputOf(JOB, TRAINING);
  const { kind, strategy, symbol, timeframe } = TRAINING;
  const facts = {
    jobId: JOB,
    kind,
    strategy,
    symbol,
    timeframe,
    engine: null,
    namespaceId: null,
    admittedAt: SINCE,
    finishedAt: null,
  };
  const job = { ...facts, request, requestHash, forceReason, parentJobId, priority, client };
  return { job: { ...job, status: "open", outcome: null }, computingSince, begun: computingSince !== null };
}

/** Temporal's view and the record as a test sets them, and how often the record was asked. */
function sources(view: JobView, seen: SeenJob) {
  const world = { view, seen: async () => seen, asked: 0 };
  const deps = {
    jobs: { view: async () => world.view, live: async () => null, workersPolling: async () => true },
    records: {
      jobs: {
        seen: async () => {
          world.asked += 1;
          return await world.seen();
        },
      },
    },
    now: async () => new Date(NOW),
    lastLooks: createLastLooks(),
    stallAfterMs: 600_000,
  } as unknown as Deps;
  return { world, status: async () => (await statusOf(deps, JOB)).status };
}

const completed = (): SeenJob => {
  const seen = seenOf(SINCE);
  return { ...seen, job: { ...seen.job, status: "completed", outcome: outcomeOf(JOB, "completed") } };
};

describe("asking again for a job at rest", () => {
  test("leaves the database alone, also while it is down, until the history grows", async () => {
    const { world, status } = sources(viewOf("awaitComputation", 15), seenOf(SINCE));
    const first = await status();
    expect(first).toMatchObject({ state: "running", percent: 50, etaSeconds: 3_600 });
    expect(await status()).toEqual(first);
    expect(world.asked).toBe(2);
    world.seen = async () => await Promise.reject(new DomainError("database_unavailable", { what: "Down." }));
    expect(await status()).toEqual(first);
    expect(world.asked).toBe(2);
    world.seen = async () => completed();
    world.view = viewOf("recordOutcome", 21);
    expect(await status()).toMatchObject({ state: "completed", final: true });
  });

  test("never rests on what was read before Temporal showed the step", async () => {
    const { world, status } = sources(viewOf("awaitComputation", 15), seenOf(null));
    expect((await status()).etaSeconds).toBeNull();
    world.seen = async () => seenOf(SINCE);
    expect((await status()).etaSeconds).toBe(3_600);
    expect((await status()).etaSeconds).toBe(3_600);
  });

  test.each(["recordOutcome", "startComputation", "stopComputation"])(
    "reads every time while %s writes, which no history shows",
    async (activity) => {
      const { world, status } = sources(viewOf(activity, 21), seenOf(SINCE));
      for (let look = 0; look < 3; look += 1) expect((await status()).final).toBe(false);
      world.seen = async () => completed();
      expect(await status()).toMatchObject({ state: "completed", final: true });
    },
  );

  test("of a workflow that was reset still finds the recorded end", async () => {
    const { world, status } = sources(viewOf("awaitComputation", 15), completed());
    for (let look = 0; look < 3; look += 1) expect(await status()).toMatchObject({ state: "completed" });
    expect(world.asked).toBe(3);
  });

  test("a second run of the same length is another job to look at", async () => {
    const { world, status } = sources(viewOf("awaitComputation", 15), seenOf(SINCE));
    for (let look = 0; look < 3; look += 1) await status();
    world.seen = async () => completed();
    world.view = { ...viewOf("awaitComputation", 15), runId: "after a reset" };
    expect(await status()).toMatchObject({ state: "completed" });
  });
});
