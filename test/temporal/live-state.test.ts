import type { Client } from "@temporalio/client";
import { describe, expect, it } from "vitest";
import type { LiveJobState } from "../../src/domain/job.ts";
import type { SlotState } from "../../src/domain/slots.ts";
import { createLiveStates } from "../../src/temporal/live-state.ts";

const JOBS = Array.from({ length: 1_000 }, (_, n) => `train-queued-${n}`);
const QUEUED: LiveJobState = {
  phase: "queued",
  queuePosition: null,
  waitingFor: null,
};

/** A server whose keeper answers as told. Counts the questions to the keeper and to the jobs. */
function server(keeper: () => Promise<SlotState>) {
  const asked = { keeper: 0, jobs: 0 };
  const query = async (name: string) => {
    if (name === "jobState") {
      asked.jobs += 1;
      return QUEUED;
    }
    asked.keeper += 1;
    return await keeper();
  };
  const connection = { withDeadline: async (_: number, call: () => Promise<unknown>) => await call() };
  const client = { connection, workflow: { getHandle: () => ({ query }) } } as unknown as Client;
  const time = { ms: 1 };
  return { asked, time, live: createLiveStates(client, { now: () => time.ms }) };
}

describe("a thousand queued jobs that are asked about at once", () => {
  it("cost the keeper one question a second, and each job one in all", async () => {
    const { asked, live, time } = server(async () => ({
      kind: "training",
      held: [],
      queue: JOBS,
      waitingFor: "taken",
    }));
    const states = await Promise.all(JOBS.map((jobId) => live(jobId, 300, 5)));
    expect(states.map((state) => state?.queuePosition)).toEqual(JOBS.map((_, index) => index + 1));
    expect(asked).toEqual({ keeper: 1, jobs: 1_000 });
    time.ms += 1_100;
    await Promise.all(JOBS.map((jobId) => live(jobId, 300, 5)));
    expect(asked).toEqual({ keeper: 2, jobs: 1_000 });
  });

  it("do not each ask a keeper that is too busy to answer", async () => {
    const { asked, live, time } = server(() => Promise.reject(new Error("deadline exceeded")));
    expect(await Promise.all(JOBS.map((jobId) => live(jobId, 300, 5)))).toEqual(JOBS.map(() => null));
    expect(asked.keeper).toBe(1);
    time.ms += 1_100;
    expect(await live("train-queued-7", 300, 5)).toBeNull();
    expect(asked.keeper).toBe(2);
  });
});
