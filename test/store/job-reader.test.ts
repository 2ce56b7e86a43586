import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createJobReader, type JobReader } from "../../src/store/job-reader.ts";
import { createJobWriter, type JobWriter } from "../../src/store/job-writer.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { createResultReader } from "../../src/store/result-reader.ts";
import type { DataLoadRequest, DataLoadResult } from "../../src/domain/kinds/data-load.ts";
import type { JobRequest, JobResult } from "../../src/domain/kinds/index.ts";
import type { BatchResult } from "../../src/domain/kinds/batch.ts";
import { batchRequest } from "../support/batches.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import {
  backtestRequest,
  backtestResult,
  engine,
  failedOutcome,
  jobInput,
  outcome,
  trainingRequest,
  trainingResult,
} from "./samples.ts";

let database: TestDatabase;
let pool: Pool;
let jobs: JobReader;
let writer: JobWriter;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url);
  jobs = createJobReader(pool);
  writer = createJobWriter(pool);
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

async function admit(request: JobRequest, changes: Parameters<typeof jobInput>[1] = {}): Promise<string> {
  const input = jobInput(request, changes);
  await writer.admit(input, null);
  return input.jobId;
}

const ids = (records: readonly { readonly jobId: string }[]) => records.map(({ jobId }) => jobId);

describe("list", () => {
  it("filters, newest first, and pages by the last job of a page even when all have the same age", async () => {
    const strategy = "paged";
    const request = { ...trainingRequest, strategy };
    const all: string[] = [];
    for (let index = 0; index < 7; index += 1) all.push(await admit(request));
    await pool.query("update jobs set admitted_at = now() where strategy = 'paged'");
    const newestFirst = all.toSorted().toReversed();
    const pages: string[][] = [];
    for (let before: string | undefined; ;) {
      const page = ids(await jobs.list({ strategy, limit: 3, ...(before === undefined ? {} : { before }) }));
      if (page.length === 0) break;
      pages.push(page);
      before = page.at(-1);
    }
    expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
    expect(pages.flat()).toEqual(newestFirst);
  });

  it("filters by status and kind", async () => {
    const strategy = "filtered";
    const open = await admit({ ...trainingRequest, strategy });
    const failed = await admit({ ...backtestRequest, strategy });
    await writer.finish(failed, failedOutcome(failed), null, null);
    expect(ids(await jobs.list({ strategy }))).toEqual([failed, open]);
    expect(ids(await jobs.list({ strategy, status: "open" }))).toEqual([open]);
    expect(ids(await jobs.list({ strategy, status: "failed" }))).toEqual([failed]);
    expect(ids(await jobs.list({ strategy, kind: "backtest" }))).toEqual([failed]);
    expect(await jobs.list({ strategy, kind: "data_load" })).toEqual([]);
    expect(await jobs.list({ strategy, limit: -5 })).toHaveLength(1);
  });
});

describe("looking up", () => {
  it("sees a job together with when its newest computation began", async () => {
    const jobId = await admit(trainingRequest);
    expect(await jobs.seen(jobId)).toEqual({ job: await jobs.get(jobId), computingSince: null, begun: false });
    for (const n of [1, 2]) {
      await writer.beginComputation(jobId, n, []);
      expect(await jobs.seen(jobId)).toMatchObject({ computingSince: null, begun: true });
      await writer.attachOperation(jobId, n, { operationId: `${jobId}-${n}` });
    }
    const [, newest] = await jobs.computations(jobId);
    expect(await jobs.seen(jobId)).toMatchObject({ computingSince: newest?.startedAt, begun: true });
    expect(newest?.startedAt).not.toBeNull();
    expect(await jobs.seen("nobody")).toBeNull();
  });

  it("says no rather than failing for what it does not know", async () => {
    expect(await jobs.get("'; drop table jobs; --")).toBeNull();
    expect(await jobs.strategyText("nobody")).toBeNull();
    expect(await jobs.computations("nobody")).toEqual([]);
    expect(await createResultReader(pool).findModel("models/x")).toBeNull();
  });

  it("refuses a row that it does not understand as an internal error", async () => {
    const jobId = await admit(trainingRequest);
    await pool.query(`update jobs set request = '{"kind": "training"}' where job_id = $1`, [jobId]);
    await expect(jobs.get(jobId)).rejects.toMatchObject({ code: "internal" });
  });
});

const batch = batchRequest(3, { draws: 2 });

const loadRequest: DataLoadRequest = {
  kind: "data_load",
  symbol: "EURUSD",
  timeframe: "1h",
  mode: "tail",
  startDate: null,
  endDate: null,
};

const batchResult: BatchResult = {
  kind: "batch",
  items: 6,
  completed: 4,
  failed: 1,
  cancelled: 1,
  reused: 2,
  draws: { sharpe: null, validationLoss: { median: 0.6, min: 0.5, max: 0.7, n: 2 }, testAccuracy: null },
  caveats: [],
  engine,
};

const loadResult: DataLoadResult = {
  kind: "data_load",
  symbol: "EURUSD",
  timeframe: "1h",
  firstBar: "2020-01-01T00:00:00Z",
  lastBar: "2020-02-01T00:00:00Z",
  bars: 500,
  barsAdded: null,
  caveats: [],
  engine,
};

describe("every kind of job", () => {
  const kinds: readonly (readonly [JobRequest, JobResult])[] = [
    [trainingRequest, trainingResult],
    [batch, batchResult],
    [backtestRequest, backtestResult],
    [loadRequest, loadResult],
  ];
  it.each(kinds)("comes back as it was written: $kind", async (request, result) => {
    const jobId = await admit(request);
    await writer.finish(jobId, outcome(jobId), result, engine);
    expect(await jobs.get(jobId)).toMatchObject({
      request,
      symbol: "symbol" in request ? request.symbol : "SPX",
      strategy: "strategy" in request ? request.strategy : null,
    });
    expect(await createResultReader(pool).get(jobId)).toEqual(result);
  });
});

describe("models", () => {
  it("lists the newest first and takes the newest when KTRDR hands out a path twice", async () => {
    const results = createResultReader(pool);
    const strategy = "modelled";
    const made: string[] = [];
    for (const finalValAccuracy of [0.5, null]) {
      const jobId = await admit({ ...trainingRequest, strategy });
      const result = { ...trainingResult, strategy, modelPath: "models/modelled/1d_v1", finalValAccuracy };
      await writer.finish(jobId, outcome(jobId), result, engine);
      made.unshift(jobId);
    }
    expect(ids(await results.listModels({ strategy }))).toEqual(made);
    expect(ids(await results.listModels({ strategy, symbol: "EURUSD" }))).toEqual([]);
    expect(await results.findModel("models/modelled/1d_v1")).toMatchObject({ jobId: made[0], finalValAccuracy: null });
  });

  it("has none of a training that did not complete", async () => {
    const jobId = await admit({ ...trainingRequest, strategy: "stopped" });
    await writer.finish(
      jobId,
      outcome(jobId, { status: "cancelled" }),
      { ...trainingResult, strategy: "stopped" },
      engine,
    );
    expect(await createResultReader(pool).listModels({ strategy: "stopped" })).toEqual([]);
    expect(await createResultReader(pool).get(jobId)).not.toBeNull();
  });
});
