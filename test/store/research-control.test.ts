import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createJobWriter, type JobWriter } from "../../src/store/job-writer.ts";
import { createOpenWork } from "../../src/store/open-work.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { createResearchControl, type ResearchControlStore } from "../../src/store/research-control.ts";
import { batchInput, batchRequest } from "../support/batches.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { backtestRequest, failedOutcome, jobInput, trainingRequest } from "./samples.ts";

let database: TestDatabase;
let pool: Pool;
let research: ResearchControlStore;
let writer: JobWriter;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url);
  research = createResearchControl(pool);
  writer = createJobWriter(pool);
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

afterEach(async () => {
  await pool.query("delete from computations; delete from jobs; delete from research_control");
});

/** A computation that ran between two moments given as SQL relative to midnight UTC. */
async function computed(from: string, to: string | null, client = "anna"): Promise<string> {
  const input = jobInput(trainingRequest, { client });
  await writer.admit(input, null);
  const at = (moment: string) =>
    moment === "now" ? "now()" : `date_trunc('day', now(), 'UTC') + interval '${moment}'`;
  await pool.query(
    `insert into computations (job_id, n, known_operations, operation_id, started_at, ended_at, fate)
     values ($1, 1, '{}', $1, ${at(from)}, ${to === null ? "null, null" : `${at(to)}, 'completed'`})`,
    [input.jobId],
  );
  return input.jobId;
}

const usedHours = async () => (await research.current()).budget?.usedHours;

describe("standing orders", () => {
  it("are none at first, also when their row was removed", async () => {
    expect(await research.current()).toEqual({ pause: null, budget: null });
  });

  it("keep the time and the reason of a pause until research is resumed", async () => {
    await research.pause(null);
    const first = await research.current();
    expect(first.pause).toEqual({ reason: null, since: expect.stringMatching(/^\d{4}-.*Z$/) });
    await research.pause("KTRDR is being moved");
    await research.pause(null);
    expect((await research.current()).pause).toEqual({ reason: "KTRDR is being moved", since: first.pause?.since });
    await research.resume();
    expect((await research.current()).pause).toBeNull();
  });

  it("a pause and a budget do not touch each other", async () => {
    await research.setBudget(2.5);
    await research.pause("heat");
    await research.setBudget(3);
    expect(await research.current()).toMatchObject({ pause: { reason: "heat" }, budget: { hours: 3 } });
    await research.resume();
    expect((await research.current()).budget).toMatchObject({ hours: 3, usedHours: 0 });
    await research.setBudget(null);
    expect(await research.current()).toEqual({ pause: null, budget: null });
  });

  it("refuse a budget below nothing", async () => {
    await expect(research.setBudget(-1)).rejects.toThrow();
  });
});

describe("the hours used today", () => {
  it("count what ran since midnight UTC, not what ran or waited before", async () => {
    await research.setBudget(1);
    await computed("-5 hours", "-4 hours"); // yesterday
    await computed("-2 hours", "0 seconds");
    expect(await usedHours()).toBe(0);
    await computed("-30 minutes", "1 second"); // a second of it today
    expect(await usedHours()).toBeCloseTo(1 / 3600, 9);
    const waits = jobInput(trainingRequest);
    await writer.admit(waits, null);
    await writer.beginComputation(waits.jobId, 1, []);
    expect(await usedHours()).toBeCloseTo(1 / 3600, 9);
  });

  it("count a running computation until now, and one that nobody ended until its job is closed", async () => {
    await research.setBudget(1);
    const { rows } = await pool.query<{ hours: number }>(
      "select (extract(epoch from now() - date_trunc('day', now(), 'UTC')) / 3600)::float8 as hours",
    );
    const today = rows[0]!.hours;
    const jobId = await computed("-3 hours", null);
    expect(await usedHours()).toBeGreaterThanOrEqual(today);
    await writer.finish(jobId, failedOutcome(jobId), null, null);
    const ended = await usedHours();
    expect(ended).toBeGreaterThanOrEqual(today);
    expect(await usedHours()).toBe(ended);
  });

  it("renew at the next midnight UTC", async () => {
    await research.setBudget(1);
    const { budget } = await research.current();
    const renewsAt = new Date(budget?.renewsAt ?? "");
    expect(renewsAt.getTime() % 86_400_000).toBe(0);
    expect(renewsAt.getTime()).toBeGreaterThan(Date.now() - 60_000);
  });
});

describe("open work", () => {
  it("counts open jobs and what waits, of one client and of all", async () => {
    const work = createOpenWork(pool);
    await computed("now", null, "anna"); // computing
    await computed("now", "now", "anna"); // lost its computation: it waits again
    await writer.admit({ ...batchInput("set", batchRequest(2)), client: "anna" }, null);
    for (const n of [1, 2]) {
      await writer.admit(jobInput(trainingRequest, { client: "anna", jobId: `of-set-${n}`, parentJobId: "set" }), null);
    }
    const other = jobInput({ ...backtestRequest, strategy: "other" }, { client: "ben" });
    await writer.admit(other, null);
    const over = jobInput(trainingRequest, { client: "ben" });
    await writer.admit(over, null);
    await writer.finish(over.jobId, failedOutcome(over.jobId), null, null);

    const { clients, recorded } = await work.snapshot(["set", over.jobId, "never-was"]);
    expect(clients).toHaveLength(2);
    expect(clients).toContainEqual({ client: "anna", open: 3, queued: 3 });
    expect(clients).toContainEqual({ client: "ben", open: 1, queued: 1 });
    expect(recorded.toSorted()).toEqual(["set", over.jobId].toSorted());

    const names = async (filter: Parameters<typeof work.list>[0]) => await work.list(filter);
    expect(await names({ client: "ben" })).toEqual([other.jobId]);
    expect(await names({ strategy: "other" })).toEqual([other.jobId]);
    expect(await names({ strategy: trainingRequest.strategy })).toHaveLength(4);
    expect(await names({})).toHaveLength(6);
  });
});
