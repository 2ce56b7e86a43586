import { MockActivityEnvironment } from "@temporalio/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { batchActivities } from "../../src/activities/batch.ts";
import type { PreparedJob } from "../../src/activities/chosen-job.ts";
import { systemClock } from "../../src/activities/clock.ts";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import type { FinalStatus } from "../../src/domain/outcome.ts";
import { createBatchStore } from "../../src/store/batches.ts";
import { createJobReader } from "../../src/store/job-reader.ts";
import { createJobWriter } from "../../src/store/job-writer.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { createResultReader } from "../../src/store/result-reader.ts";
import { idOf } from "../../src/temporal/jobs.ts";
import { labelsOf } from "../../src/temporal/start-options.ts";
import { batchInput, batchRequest, measurementRequest } from "../support/batches.ts";
import { measure, wave } from "../support/measured.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { outcomeOf } from "../support/job-inputs.ts";

const REQUEST = batchRequest(1, { draws: 2 });

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url);
});
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

const activities = () =>
  batchActivities({
    jobs: createJobReader(pool),
    results: createResultReader(pool),
    batches: createBatchStore(pool),
    identify: idOf,
    labelsOf,
    clock: systemClock,
  } as unknown as ActivityDeps);

/** The job of the first item of a batch, as it would be started. */
async function prepared(batchId: string, forceReason: string | null = null): Promise<PreparedJob> {
  const batch = { ...batchInput(batchId, REQUEST), forceReason };
  await createJobWriter(pool).admit(batch, null);
  return await new MockActivityEnvironment().run(
    async () => await activities().prepareItem(batch, 0, "training", null),
  );
}

async function ended({ input }: PreparedJob, status: FinalStatus): Promise<void> {
  const writer = createJobWriter(pool);
  await writer.admit(input, null);
  await writer.finish(input.jobId, outcomeOf(input.jobId, status), null, null);
}

/** A prefix of a measurement of the same backtest. */
async function prefix(measurementId: string, n: number): Promise<PreparedJob> {
  const input = batchInput(measurementId, measurementRequest(3));
  await createJobWriter(pool).admit(input, null);
  return await new MockActivityEnvironment().run(
    async () => await activities().prepareItem(input, n, "backtest", null),
  );
}

async function measured(measurementId: string, agrees: boolean): Promise<void> {
  const known = { returns: wave(60, 1), market: wave(60, 2), counts: [20, 40, 60] };
  const result = measure(known, (whole) => (agrees ? whole : { ...whole, equityPoints: 1 }));
  await createJobWriter(pool).finish(measurementId, outcomeOf(measurementId, "completed"), result, result.engine);
}

describe("a prefix", () => {
  test("is taken from an earlier measurement only when its model was proven, and the proof never", async () => {
    const [first, proof] = [await prefix("measure-1", 0), await prefix("measure-1", 2)];
    expect(first).toMatchObject({ input: { forceReason: null, request: { measures: "backtest-measured-1" } } });
    expect(proof.input.forceReason).toBe("the proof of measure-1");
    await ended(first, "completed");
    await ended(proof, "completed");
    // Nothing is proven yet: another measurement computes its own.
    const second = await prefix("measure-2", 0);
    expect(second).toMatchObject({
      finished: null,
      input: { forceReason: `the model of ${first.input.jobId} is not proven`, parentJobId: "measure-2" },
    });
    await ended(second, "completed");
    await measured("measure-1", false);
    await measured("measure-2", true);
    expect(await prefix("measure-3", 0)).toMatchObject({
      finished: { status: "completed" },
      input: { jobId: second.input.jobId },
    });
    expect(await prefix("measure-3", 2)).toMatchObject({ finished: null });
    // Its own prefixes are its own, whatever is proven.
    expect(await prefix("measure-1", 0)).toMatchObject({ input: { jobId: first.input.jobId } });
  });
});

describe("an item", () => {
  test("without an answer of earlier is computed again, by a job that later batches find", async () => {
    const first = await prepared("batch-1");
    expect(first).toMatchObject({ finished: null, input: { forceReason: null, parentJobId: "batch-1" } });
    await ended(first, "cancelled");
    // The end of its own job is its answer, also when the batch is gone through once more.
    expect(await prepared("batch-1")).toMatchObject({
      finished: { status: "cancelled" },
      input: { jobId: first.input.jobId },
    });

    const second = await prepared("batch-2");
    expect(second).toMatchObject({
      finished: null,
      input: { forceReason: `${first.input.jobId} ended as cancelled`, parentJobId: "batch-2" },
    });
    expect(second.input.jobId).not.toBe(first.input.jobId);
    await ended(second, "failed");
    const third = await prepared("batch-3");
    expect(third.input.forceReason).toBe(`${second.input.jobId} ended as failed`);
    await ended(third, "completed");
    expect(await prepared("batch-4")).toMatchObject({
      finished: { status: "completed" },
      input: { jobId: third.input.jobId },
    });
  });

  test("that another run is wanted of is another job", async () => {
    const again = await prepared("batch-5", "to see the spread");
    expect(again).toMatchObject({ finished: null, input: { forceReason: "to see the spread" } });
    expect((await prepared("batch-6", "to see the spread")).input.jobId).toBe(again.input.jobId);
    expect((await prepared("batch-7", "another one")).input.jobId).not.toBe(again.input.jobId);
  });
});
