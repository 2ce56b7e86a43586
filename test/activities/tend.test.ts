import { MockActivityEnvironment } from "@temporalio/testing";
import pino from "pino";
import { expect, test } from "vitest";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import { systemClock } from "../../src/activities/clock.ts";
import { settle } from "../../src/activities/settle.ts";
import { tendActivities } from "../../src/activities/tend.ts";
import type { JobOutcome } from "../../src/domain/outcome.ts";
import type { JobRecord } from "../../src/store/job-row.ts";
import { batchInput, batchRequest } from "../support/batches.ts";
import { TRAINING } from "../support/job-inputs.ts";

const open = (jobId: string): JobRecord =>
  ({ ...batchInput(jobId, batchRequest(2)), namespaceId: null, status: "open" }) as unknown as JobRecord;

test("a terminated job that cannot be settled now keeps no other one from being settled", async () => {
  const rows = ["older", "stuck"].map(open);
  const closed: string[] = [];
  let others = (): void => undefined;
  const olderClosed = new Promise<void>((resolve) => (others = resolve));
  const deps = {
    clock: systemClock,
    log: pino({ level: "silent" }),
    decisions: { open: async () => [] },
    watches: { open: async () => [] },
    slots: { known: async () => [] },
    executions: {
      of: async (jobId: string) => (jobId.startsWith("slots-") ? "unknown" : "terminated"),
      forgetEnded: async () => undefined,
    },
    jobs: {
      list: async () => rows.filter(({ jobId }) => !closed.includes(jobId)),
      get: async (jobId: string) => {
        if (jobId === "stuck") await olderClosed;
        return rows.find((row) => row.jobId === jobId) ?? null;
      },
      finish: async (jobId: string) => {
        closed.push(jobId);
        if (jobId === "older") others();
      },
    },
  } as unknown as ActivityDeps;
  // The stuck job is looked at first. If jobs were settled one after the other, it would wait for ever.
  const warden = tendActivities(deps);
  await new MockActivityEnvironment().run(async () => await warden.tendJobs());
  expect(closed).toEqual(["older", "stuck"]);
});

test.each([
  ["terminated", "terminated", "terminated"],
  ["timed_out", "failed", "workflow_lost"],
] as const)(
  "a job whose workflow was %s has a code of its own, not that of a defect",
  async (execution, status, code) => {
    const batch = { ...open("batch-ended-1"), kind: "batch" };
    const finished: JobOutcome[] = [];
    const deps = {
      clock: systemClock,
      executions: { of: async () => execution },
      jobs: { get: async () => batch, finish: async (_id: string, outcome: JobOutcome) => finished.push(outcome) },
    } as unknown as ActivityDeps;
    await new MockActivityEnvironment().run(async () => await settle(deps, "batch-ended-1"));
    // start_batch takes no force_new_reason.
    expect(finished).toMatchObject([
      { status, failure: { code, next: expect.stringMatching(/^To go on with it, call start_batch/) } },
    ]);
  },
);

test("a keeper that answers nothing keeps no job from being settled, and its failure is told", async () => {
  const closed: string[] = [];
  const rows = [open("terminated"), { ...open("waiting"), request: TRAINING }];
  const deps = {
    decisions: { open: async () => [] },
    watches: { open: async () => [] },
    clock: systemClock,
    slots: {
      known: async () => {
        throw new Error("Query rejected");
      },
      claim: () => Promise.reject(new Error("nobody knows whether it was claimed")),
    },
    executions: {
      of: async (jobId: string) => (jobId === "terminated" ? "terminated" : "open"),
      forgetEnded: async () => undefined,
    },
    jobs: {
      list: async () => rows.filter(({ jobId }) => !closed.includes(jobId)),
      get: async (jobId: string) => rows.find((row) => row.jobId === jobId) ?? null,
      finish: async (jobId: string) => void closed.push(jobId),
    },
  } as unknown as ActivityDeps;
  const warden = tendActivities(deps);
  const round = new MockActivityEnvironment().run(async () => await warden.tendJobs());
  await expect(round).rejects.toThrow("Query rejected");
  expect(closed).toEqual(["terminated"]);
});

test("a server that refuses to delete what ended spoils no round, and is told of once", async () => {
  const warned: unknown[] = [];
  let refusal: Error | null = Object.assign(new Error("PERMISSION_DENIED: run 1"), { code: 7 });
  const before: Date[] = [];
  const deps = {
    clock: { ...systemClock, now: () => Date.parse("2026-11-30T08:00:00Z") },
    log: { warn: ({ err }: { err: Error }) => warned.push(err.message) },
    decisions: { open: async () => [] },
    watches: { open: async () => [] },
    executions: {
      of: async () => "unknown",
      forgetEnded: async (time: Date) => {
        before.push(time);
        if (refusal !== null) throw refusal;
      },
    },
    jobs: { list: async () => [] },
  } as unknown as ActivityDeps;
  const warden = tendActivities(deps);
  const round = async () => await new MockActivityEnvironment().run(async () => await warden.tendJobs());
  await round();
  refusal = Object.assign(new Error("PERMISSION_DENIED: run 2"), { code: 7 });
  await round();
  refusal = null;
  await round();
  refusal = Object.assign(new Error("UNIMPLEMENTED"), { code: 12 });
  await round();
  await round();
  expect(warned).toEqual(["PERMISSION_DENIED: run 1", "UNIMPLEMENTED"]);
  expect(before[0]).toEqual(new Date("2026-11-30T07:55:00Z"));
});

test("a champion whose watch is gone is watched again; one whose watch runs is left alone", async () => {
  const champions = ["lost", "kept"].map((jobId) => ({
    jobId,
    round: 2,
    strategy: "x",
    symbol: "SPX",
    timeframe: "1d",
  }));
  const begun: string[] = [];
  const deps = {
    clock: systemClock,
    log: pino({ level: "silent" }),
    decisions: { open: async () => [] },
    watches: { open: async () => champions },
    waits: { watch: async ({ jobId }: { jobId: string }) => void begun.push(jobId) },
    slots: { known: async () => [] },
    executions: {
      of: async (id: string) => (id === "watch-kept-2" ? "open" : "unknown"),
      forgetEnded: async () => undefined,
    },
    jobs: { list: async () => [] },
  } as unknown as ActivityDeps;
  await new MockActivityEnvironment().run(async () => await tendActivities(deps).tendJobs());
  expect(begun).toEqual(["lost"]);
});
