import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createJobReader, type JobReader } from "../../src/store/job-reader.ts";
import { createJobWriter, type JobWriter } from "../../src/store/job-writer.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { createResultReader, type ResultReader } from "../../src/store/result-reader.ts";
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
let results: ResultReader;
let writer: JobWriter;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url, { max: 20 });
  jobs = createJobReader(pool);
  results = createResultReader(pool);
  writer = createJobWriter(pool);
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

const times = <T>(n: number, make: (index: number) => T): T[] => Array.from({ length: n }, (_, index) => make(index));

async function count(table: string, jobId: string): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(`select count(*)::int as n from ${table} where job_id = $1`, [
    jobId,
  ]);
  return rows[0]!.n;
}

async function admitted(request = trainingRequest as Parameters<typeof jobInput>[0]): Promise<string> {
  const input = jobInput(request);
  await writer.admit(input, "name: rsi_reversion\n");
  return input.jobId;
}

describe("admit", () => {
  it("records the job as it was asked for, with the text it computes with", async () => {
    const input = jobInput(trainingRequest, { forceReason: "another look", parentJobId: "set-1", priority: 1 });
    expect(await writer.admit(input, "name: x\n", "ns-1")).toBeNull();
    expect(await jobs.get(input.jobId)).toEqual({
      jobId: input.jobId,
      kind: "training",
      request: trainingRequest,
      requestHash: input.requestHash,
      forceReason: "another look",
      parentJobId: "set-1",
      strategy: "rsi_reversion",
      symbol: "SPX",
      timeframe: "1d",
      client: "test client",
      priority: 1,
      engine: null,
      namespaceId: "ns-1",
      admittedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      status: "open",
      finishedAt: null,
      outcome: null,
    });
    expect(await jobs.strategyText(input.jobId)).toBe("name: x\n");
    await writer.admit(input, null, "ns-2");
    expect((await jobs.get(input.jobId))?.namespaceId).toBe("ns-2");
  });

  it("admits twenty times at once and leaves one row with the first admission's time", async () => {
    const input = jobInput();
    const answers = await Promise.all(times(20, () => writer.admit(input, null)));
    expect(answers).toEqual(times(20, () => null));
    expect(await count("jobs", input.jobId)).toBe(1);
    const first = await jobs.get(input.jobId);
    await writer.admit(input, "a later text");
    expect(await jobs.get(input.jobId)).toEqual(first);
    expect(await jobs.strategyText(input.jobId)).toBeNull();
  });

  it("answers with the outcome when the job has ended", async () => {
    const input = jobInput();
    await writer.admit(input, null);
    await writer.finish(input.jobId, failedOutcome(input.jobId), null, engine);
    expect(await writer.admit(input, null)).toEqual(failedOutcome(input.jobId));
  });

  it("refuses an id that belongs to another request, and a request that belongs to another id", async () => {
    const input = jobInput();
    await writer.admit(input, null);
    const otherRequest = { ...input, requestHash: "f".repeat(64) };
    await expect(writer.admit(otherRequest, null)).rejects.toMatchObject({ code: "task_conflict" });
    const otherId = { ...input, jobId: "training-other" };
    await expect(writer.admit(otherId, null)).rejects.toMatchObject({
      code: "task_conflict",
      why: expect.stringContaining(input.jobId),
    });
    expect(await jobs.get("training-other")).toBeNull();
  });

  it("lets one of two requests win that race for the same id", async () => {
    const one = jobInput();
    const two = { ...jobInput(), jobId: one.jobId };
    const settled = await Promise.allSettled(times(10, (index) => writer.admit(index % 2 === 0 ? one : two, null)));
    const wins = settled.filter(({ status }) => status === "fulfilled");
    expect(wins).toHaveLength(5);
    expect(await count("jobs", one.jobId)).toBe(1);
  });

  it("takes characters that PostgreSQL cannot hold", async () => {
    const input = jobInput(trainingRequest, { client: "a\u0000b\ud800c", forceReason: "\u0000" });
    await writer.admit(input, "name: \u0000");
    expect(await jobs.get(input.jobId)).toMatchObject({ client: "a\uFFFDb\uFFFDc", forceReason: "\uFFFD" });
    expect(await jobs.get("no\u0000job")).toBeNull();
  });
});

describe("beginComputation", () => {
  it("keeps the first intent, however often and however concurrently it is written", async () => {
    const jobId = await admitted();
    const first = await writer.beginComputation(jobId, 1, ["op_a", "op_b"]);
    expect(first).toMatchObject({ n: 1, knownOperations: ["op_a", "op_b"], operationId: null, fate: null });
    const again = await Promise.all(times(20, (index) => writer.beginComputation(jobId, 1, [`op_${index}`])));
    expect(again).toEqual(times(20, () => first));
    expect(await jobs.computations(jobId)).toEqual([first]);
  });

  it("agrees on one intent when twenty are the first", async () => {
    const jobId = await admitted();
    const all = await Promise.all(times(20, (index) => writer.beginComputation(jobId, 1, [`op_${index}`])));
    expect(new Set(all.map((row) => JSON.stringify(row))).size).toBe(1);
    expect(await count("computations", jobId)).toBe(1);
  });

  it("starts nothing for a job that has ended or never was, but still shows what was begun", async () => {
    const jobId = await admitted();
    const first = await writer.beginComputation(jobId, 1, []);
    await writer.finish(jobId, failedOutcome(jobId), null, engine);
    await expect(writer.beginComputation(jobId, 2, [])).rejects.toMatchObject({ code: "task_conflict" });
    expect(await writer.beginComputation(jobId, 1, ["later"])).toMatchObject({
      ...first,
      endedAt: expect.any(String),
      fate: "failed",
    });
    await expect(writer.beginComputation("nobody", 1, [])).rejects.toMatchObject({ code: "task_not_found" });
  });
});

describe("noteSeen", () => {
  const at = (percent: number) => ({ percent, step: "", epochsSeen: 2, bestValLoss: 0.5, bestValAccuracy: null });

  it("keeps the farthest that was seen, until the computation has ended", async () => {
    const jobId = await admitted();
    await writer.beginComputation(jobId, 1, []);
    const seen = async () => (await jobs.computations(jobId))[0]?.lastSeen;
    expect(await seen()).toBeNull();
    for (const percent of [10.5, 26, 0]) await writer.noteSeen(jobId, 1, at(percent));
    expect(await seen()).toEqual(at(26));
    await writer.endComputation(jobId, 1, "cancelled");
    await writer.noteSeen(jobId, 1, at(90));
    expect(await seen()).toEqual(at(26));
  });
});

describe("markPosting", () => {
  const NOTHING_SENT = new Date(0).toISOString();

  it("writes when a start may have been sent and nothing else, its age told by PostgreSQL's own clock", async () => {
    const jobId = await admitted();
    const begun = await writer.beginComputation(jobId, 1, ["op_a"]);
    expect(await writer.posting(jobId, 1)).toEqual({ mark: NOTHING_SENT, ageMs: null });
    const mark = await writer.markPosting(jobId, 1, NOTHING_SENT);
    expect(await writer.beginComputation(jobId, 1, [])).toEqual({ ...begun, postingAt: mark });
    const posting = await writer.posting(jobId, 1);
    expect(posting.mark).toBe(mark);
    expect(posting.ageMs).toBeGreaterThanOrEqual(0);
    expect(posting.ageMs).toBeLessThan(60_000);
    await expect(writer.markPosting(jobId, 2, NOTHING_SENT)).rejects.toMatchObject({ code: "task_not_found" });
    await expect(writer.posting(jobId, 2)).rejects.toMatchObject({ code: "task_not_found" });
  });

  it("lets one attempt of many claim a start; a later one only on the mark it saw grow old", async () => {
    const jobId = await admitted();
    await writer.beginComputation(jobId, 1, []);
    const settled = await Promise.allSettled(times(10, () => writer.markPosting(jobId, 1, NOTHING_SENT)));
    const [won, ...more] = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    expect(more).toEqual([]);
    for (const one of settled) {
      if (one.status === "rejected")
        expect(one.reason).toMatchObject({ code: "ktrdr_start_ambiguous", retryable: true });
    }
    const next = await writer.markPosting(jobId, 1, won!);
    expect(next > won!).toBe(true);
  });

  it("is taken back by whoever wrote it and by nobody else, and renewed only while it stands", async () => {
    const jobId = await admitted();
    await writer.beginComputation(jobId, 1, []);
    await writer.renewPosting(jobId, 1);
    expect((await writer.posting(jobId, 1)).ageMs).toBeNull();
    const mine = await writer.markPosting(jobId, 1, NOTHING_SENT);
    const theirs = await writer.markPosting(jobId, 1, mine);
    await writer.unmarkPosting(jobId, 1, mine);
    expect((await writer.posting(jobId, 1)).mark).toBe(theirs);
    await writer.renewPosting(jobId, 1);
    const { mark } = await writer.posting(jobId, 1);
    expect(mark > theirs).toBe(true);
    await writer.unmarkPosting(jobId, 1, mark);
    expect((await writer.posting(jobId, 1)).ageMs).toBeNull();
  });

  it("is refused for a job that was ended meanwhile: nothing may be posted any more", async () => {
    const jobId = await admitted();
    await writer.beginComputation(jobId, 1, []);
    const ended = { failure: null, partial: null, faultsSeen: [], operationIds: [], headline: "terminated" };
    await writer.finish(jobId, { jobId, status: "terminated", ...ended }, null, null);
    await expect(writer.markPosting(jobId, 1, NOTHING_SENT)).rejects.toMatchObject({ code: "task_conflict" });
  });
});

describe("attachOperation", () => {
  it("is the same once or often, and learns about the worker later", async () => {
    const jobId = await admitted();
    await writer.beginComputation(jobId, 1, []);
    const operationId = `op_${jobId}`;
    const [first] = await Promise.all(times(20, () => writer.attachOperation(jobId, 1, { operationId })));
    expect(first).toMatchObject({ operationId, workerId: null });
    expect(first!.startedAt).not.toBeNull();
    const worker = { workerId: "w-1", workerEndpoint: "http://127.0.0.1:5003" };
    const known = await writer.attachOperation(jobId, 1, { operationId, ...worker });
    expect(known).toEqual({ ...first, ...worker });
    expect(await writer.attachOperation(jobId, 1, { operationId })).toEqual(known);
  });

  it("lets exactly one of different operations in", async () => {
    const jobId = await admitted();
    await writer.beginComputation(jobId, 1, []);
    const settled = await Promise.allSettled(
      times(10, (index) => writer.attachOperation(jobId, 1, { operationId: `op_${jobId}_${index}` })),
    );
    const losses = settled.filter((one) => one.status === "rejected");
    expect(losses).toHaveLength(9);
    for (const loss of losses) expect(loss.reason).toMatchObject({ code: "task_conflict" });
    expect(await jobs.computations(jobId)).toHaveLength(1);
  });

  it("refuses an operation of another job, and a computation that was not begun", async () => {
    const [one, two] = [await admitted(), await admitted()];
    await writer.beginComputation(one, 1, []);
    await writer.beginComputation(two, 1, []);
    await writer.attachOperation(one, 1, { operationId: `op_${one}` });
    await expect(writer.attachOperation(two, 1, { operationId: `op_${one}` })).rejects.toMatchObject({
      code: "task_conflict",
    });
    await expect(writer.attachOperation(two, 2, { operationId: "op_x" })).rejects.toMatchObject({
      code: "task_not_found",
    });
    expect((await jobs.computations(two))[0]!.operationId).toBeNull();
  });

  const point = { epoch: 0, curve: { trainLoss: [1], valLoss: [1], trainAccuracy: [1], valAccuracy: [1] } };

  it("lets one of twenty jobs go on with an operation, another when that has ended, and knows the newest owner", async () => {
    const origin = await admitted();
    const operationId = `op_${origin}`;
    await writer.beginComputation(origin, 1, []);
    await writer.attachOperation(origin, 1, { operationId });
    await writer.finish(origin, failedOutcome(origin), null, engine);
    const later = await Promise.all(times(20, () => admitted()));
    for (const jobId of later) await writer.beginComputation(jobId, 1, []);
    const claim = (jobId: string) => writer.attachOperation(jobId, 1, { operationId, resumedFrom: point });
    const claims = await Promise.allSettled(later.map(claim));
    const owners = later.filter((_, index) => claims[index]?.status === "fulfilled");
    expect(owners).toHaveLength(1);
    for (const one of claims)
      if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "task_conflict" });
    const [owner = ""] = owners;
    expect(await jobs.ownerOf(operationId)).toBe(owner);
    await expect(claim(owner)).resolves.toMatchObject({ resumedFrom: point });
    // When the job is closed, its computation ends, too, so the next job may have the operation.
    await writer.finish(owner, failedOutcome(owner), null, engine);
    await expect(claim(owner)).rejects.toMatchObject({ code: "task_conflict" });
    const [next = ""] = later.filter((jobId) => jobId !== owner);
    await claim(next);
    expect(await jobs.ownerOf(operationId)).toBe(next);
  });

  it("a job that resumes the same operation again ends its own earlier computation", async () => {
    const jobId = await admitted();
    const operationId = `op_${jobId}`;
    for (const n of [1, 2, 3]) {
      await writer.beginComputation(jobId, n, []);
      await writer.attachOperation(jobId, n, { operationId, ...(n === 1 ? {} : { resumedFrom: point }) });
    }
    const rows = await jobs.computations(jobId);
    expect(rows.map(({ fate }) => fate)).toEqual(["lost", "lost", null]);
  });
});

describe("endComputation", () => {
  it("keeps the first fate", async () => {
    const jobId = await admitted();
    await writer.beginComputation(jobId, 1, []);
    const fates = await Promise.all(times(20, (index) => writer.endComputation(jobId, 1, `fate ${index}`)));
    expect(new Set(fates.map(({ fate, endedAt }) => `${fate} ${endedAt}`)).size).toBe(1);
    expect(await writer.endComputation(jobId, 1, "too late")).toEqual(fates[0]);
    await expect(writer.endComputation(jobId, 2, "lost")).rejects.toMatchObject({ code: "task_not_found" });
  });
});

describe("finish", () => {
  it("records outcome, result and model of a training together", async () => {
    const jobId = await admitted();
    expect(await writer.finish(jobId, outcome(jobId), trainingResult, engine)).toEqual(outcome(jobId));
    expect(await jobs.get(jobId)).toMatchObject({ status: "completed", engine, outcome: outcome(jobId) });
    expect(await results.get(jobId)).toEqual(trainingResult);
    expect(await results.listModels({ strategy: "rsi_reversion", symbol: "SPX", limit: 1 })).toEqual([
      expect.objectContaining({
        jobId,
        modelPath: trainingResult.modelPath,
        engine,
        finalValLoss: 0.7,
      }),
    ]);
  });

  it("does the same once or twenty times at once", async () => {
    const jobId = await admitted();
    const answers = await Promise.all(times(20, () => writer.finish(jobId, outcome(jobId), trainingResult, engine)));
    expect(answers).toEqual(times(20, () => outcome(jobId)));
    expect([await count("results", jobId), await count("models", jobId)]).toEqual([1, 1]);
    const record = await jobs.get(jobId);
    await writer.finish(jobId, outcome(jobId), trainingResult, engine);
    expect(await jobs.get(jobId)).toEqual(record);
  });

  it("lets one of conflicting endings win and tells everybody which", async () => {
    const jobId = await admitted();
    const answers = await Promise.all(
      times(20, (index) =>
        index % 2 === 0
          ? writer.finish(jobId, outcome(jobId), trainingResult, engine)
          : writer.finish(jobId, outcome(jobId, { status: "cancelled", headline: `by ${index}` }), null, null),
      ),
    );
    const record = await jobs.get(jobId);
    expect(answers).toEqual(times(20, () => record!.outcome));
    const kept = record!.status === "completed" ? trainingResult : null;
    expect(await results.get(jobId)).toEqual(kept);
    expect(await count("models", jobId)).toBe(kept === null ? 0 : 1);
  });

  it("never turns a recorded completion into something else", async () => {
    const jobId = await admitted(backtestRequest);
    await writer.finish(jobId, outcome(jobId), backtestResult, engine);
    expect(await writer.finish(jobId, failedOutcome(jobId), null, null)).toEqual(outcome(jobId));
    expect(await results.get(jobId)).toEqual(backtestResult);
    expect(await count("models", jobId)).toBe(0);
  });

  it("keeps a backtest that has no losing trade, or none at all: such figures are null", async () => {
    const jobId = await admitted(backtestRequest);
    const idle = { ...backtestResult, trades: 0, winRate: 0, calmar: null, profitFactor: null };
    await writer.finish(jobId, outcome(jobId), idle, engine);
    expect(await results.get(jobId)).toEqual(idle);
  });

  it("keeps nothing when a part cannot be kept", async () => {
    const jobId = await admitted();
    const wrong = [
      writer.finish(jobId, outcome("another job"), trainingResult, engine),
      writer.finish(jobId, outcome(jobId), { ...trainingResult, bestValLoss: Number.NaN }, engine),
      writer.finish(jobId, outcome(jobId), backtestResult, engine), // a training cannot have the result of a backtest
    ];
    for (const settled of await Promise.allSettled(wrong)) {
      expect(settled).toMatchObject({ status: "rejected", reason: { code: "internal" } });
    }
    expect(await jobs.get(jobId)).toMatchObject({ status: "open", outcome: null });
    expect(await results.get(jobId)).toBeNull();
  });

  it("refuses a job that was never admitted", async () => {
    await expect(writer.finish("nobody", outcome("nobody"), null, null)).rejects.toMatchObject({
      code: "task_not_found",
    });
  });

  it("sorts by figures that come from the result itself", async () => {
    const jobId = await admitted(backtestRequest);
    await writer.finish(jobId, outcome(jobId), { ...backtestResult, sharpe: -0.123_456_789 }, engine);
    const { rows } = await pool.query(
      "select sharpe, total_return, max_drawdown, trades, strategy, engine, model_path, best_val_loss from results where job_id = $1",
      [jobId],
    );
    expect(rows).toEqual([
      {
        sharpe: -0.123_456_789,
        total_return: 0.12,
        max_drawdown: 0.2,
        trades: 42,
        strategy: "rsi_reversion",
        engine: "sandbox",
        model_path: backtestResult.modelPath,
        best_val_loss: null,
      },
    ]);
  });
});
