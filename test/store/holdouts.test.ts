import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HoldoutRequest, HoldoutResult } from "../../src/domain/kinds/holdout.ts";
import { followCuts } from "../../src/store/cuts.ts";
import { createHoldoutStore, type HoldoutStore } from "../../src/store/holdouts.ts";
import { createJobWriter, type JobWriter } from "../../src/store/job-writer.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { LOOK, summaryOf } from "../support/looks.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { engine, failedOutcome, jobInput, outcome } from "./samples.ts";

let database: TestDatabase;
let pool: Pool;
let writer: JobWriter;
let holdouts: HoldoutStore;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url, { max: 20 });
  writer = createJobWriter(pool);
  holdouts = createHoldoutStore(pool);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const holdoutOf = (symbol: string, more = {}) => ({
  symbol,
  timeframe: "1d",
  startDate: "2019-01-01",
  alpha: 0.05,
  years: 5,
  firstDay: "2018-10-18",
  lastDay: "2023-12-29",
  bytes: 1_000,
  sha256: "a".repeat(64),
  setBy: "operator test",
  ...more,
});

let n = 0;
/** Admits a look of a candidate. */
async function look(symbol: string, candidate: string): Promise<string> {
  n += 1;
  const request: HoldoutRequest = { ...LOOK, symbol, candidate, candidateJobId: `backtest-${n}` };
  const input = jobInput(request);
  await writer.admit(input, null);
  await writer.admit(input, null);
  return input.jobId;
}

/** KTRDR began to compute it. */
async function computes(jobId: string): Promise<void> {
  await writer.beginComputation(jobId, 1, []);
  await writer.attachOperation(jobId, 1, { operationId: `op-${jobId}` });
}

async function answered(jobId: string, symbol: string, passed: boolean): Promise<void> {
  await computes(jobId);
  const { look: at } = await holdouts.standing(jobId);
  const { strategy, timeframe, candidateJobId } = LOOK;
  const market = { strategy, symbol, timeframe, candidateJobId };
  const result: HoldoutResult = { kind: "holdout", ...market, look: at, passed, level: 0.03, caveats: [], engine };
  await writer.finish(jobId, outcome(jobId), result, engine);
}

const lines = async (symbol: string) =>
  (
    await pool.query(
      "select kind, state, event -> 'look' as look, event -> 'passed' as passed from trial_events where symbol = $1 order by seq",
      [symbol],
    )
  ).rows.map(({ kind, state, look: at, passed }) => [kind, state, at, passed]);

it("writes a holdout down once, in the ledger too", async () => {
  await holdouts.add(holdoutOf("AAA"));
  await holdouts.add(holdoutOf("AAA", { startDate: "2020-01-01" }));
  expect((await holdouts.all()).filter(({ symbol }) => symbol === "AAA")).toMatchObject([
    { startDate: "2019-01-01", setBy: "operator test", bytes: 1_000 },
  ]);
  expect(await lines("AAA")).toEqual([["holdout", null, null, null]]);
});

it("notes bars that were moved behind the lock, once for each content of the file", async () => {
  await holdouts.add(holdoutOf("BBB"));
  const newer = { ...holdoutOf("BBB"), lastDay: "2024-03-01", bytes: 2_000, sha256: "b".repeat(64) };
  await holdouts.moved(newer, newer, "data load");
  await holdouts.moved(newer, newer, "data load");
  expect((await holdouts.all()).find(({ symbol }) => symbol === "BBB")).toMatchObject({
    lastDay: "2024-03-01",
    bytes: 2_000,
  });
  expect(await lines("BBB")).toHaveLength(2);
});

describe("looks", () => {
  it("are numbered for each symbol from their admission on, whatever becomes of them", async () => {
    await holdouts.add(holdoutOf("CCC"));
    await answered(await look("CCC", "one"), "CCC", false);
    const failing = await look("CCC", "two");
    await computes(failing);
    await writer.finish(failing, failedOutcome(failing), null, null);
    await answered(await look("CCC", "three"), "CCC", true);
    const fourth = await look("CCC", "four");
    expect(await holdouts.standing(fourth)).toMatchObject({ look: 4, passes: 1, open: 0, alpha: 0.05 });
    expect(await lines("CCC")).toEqual([
      ["holdout", null, null, null],
      ["holdout", "started", 1, null],
      ["holdout", "finished", 1, false],
      ["holdout", "started", 2, null],
      ["holdout", "failed", 2, null],
      ["holdout", "started", 3, null],
      ["holdout", "finished", 3, true],
      ["holdout", "started", 4, null],
    ]);
    expect(await createLedger(pool).check([])).toMatchObject({ wrong: [] });
    expect(await createLedger(pool).trials("CCC", LOOK)).toEqual({ count: 0, onTheseDays: 0, deviation: null });
  });

  it("know how many before them are open", async () => {
    await holdouts.add(holdoutOf("DDD"));
    const first = await look("DDD", "one");
    const second = await look("DDD", "two");
    expect(await holdouts.standing(second)).toMatchObject({ look: 2, open: 1 });
    expect(await holdouts.standing(first)).toMatchObject({ look: 1, open: 0 });
  });

  it("that were never computed are repeated under their number, by the same candidate only", async () => {
    await holdouts.add(holdoutOf("EEE"));
    const cancelled = await look("EEE", "one");
    await writer.beginComputation(cancelled, 1, []);
    await writer.finish(cancelled, outcome(cancelled, { status: "cancelled" }), null, null);
    expect(await holdouts.looksAt("EEE")).toMatchObject([{ look: 1, computed: false, status: "cancelled" }]);
    expect(await holdouts.standing(await look("EEE", "two"))).toMatchObject({ look: 2 });
    const again = await look("EEE", "one");
    expect(await holdouts.standing(again)).toMatchObject({ look: 1 });
    await computes(again);
    await writer.finish(again, outcome(again, { status: "cancelled" }), null, null);
    expect(await holdouts.standing(await look("EEE", "one"))).toMatchObject({ look: 3 });
  });

  it("are numbered without a gap, however many begin at once", async () => {
    await holdouts.add(holdoutOf("FFF"));
    const ids = await Promise.all(Array.from({ length: 12 }, (_, at) => look("FFF", `c${at}`)));
    const numbers = await Promise.all(ids.map(async (id) => (await holdouts.standing(id)).look));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, at) => at + 1));
  });

  it("show research no figure; the operator reads them", async () => {
    await holdouts.add(holdoutOf("GGG"));
    const id = await look("GGG", "one");
    await holdouts.seal(id, { summary: summaryOf(LOOK, 1.2345) });
    await holdouts.seal(id, { failure: { code: "internal", what: "later", why: null, next: null } });
    expect(JSON.stringify(await holdouts.looksAt("GGG"))).not.toMatch(/1\.2345|sharpe/);
    const [kept] = (await holdouts.looks()).filter(({ symbol }) => symbol === "GGG");
    expect(JSON.stringify(kept?.sealed)).toContain("1.2345");
  });
});

describe("voiding", () => {
  it("leaves the look counted, adds a line, and is done once", async () => {
    await holdouts.add(holdoutOf("HHH"));
    const id = await look("HHH", "one");
    await answered(id, "HHH", true);
    expect(await holdouts.voidLook(id, "the bars were wrong", "operator test")).toMatchObject({ look: 1 });
    expect(await holdouts.looksAt("HHH")).toMatchObject([{ voided: "the bars were wrong" }]);
    expect((await lines("HHH")).at(-1)).toEqual(["void", null, 1, null]);
    await expect(holdouts.voidLook(id, "again", "operator test")).rejects.toThrow("is void already");
    expect(await holdouts.standing(await look("HHH", "one"))).toMatchObject({ look: 2, passes: 1 });
  });

  it("of an unknown look is refused, naming those there are", async () => {
    await expect(holdouts.voidLook("holdout-nope", "because", "operator test")).rejects.toMatchObject({
      what: "There is no look holdout-nope.",
      valid: expect.arrayContaining([expect.stringMatching(/^\S+$/)]),
    });
  });
});

it("a look that is removed from the record, or that was given another answer, is found by the ledger's check", async () => {
  await holdouts.add(holdoutOf("III"));
  const id = await look("III", "one");
  await answered(id, "III", false);
  await pool.query("update results set result = jsonb_set(result, '{passed}', 'true') where job_id = $1", [id]);
  const { wrong } = await createLedger(pool).check([]);
  expect(wrong).toEqual([expect.stringContaining(`The look ${id} has another answer on record`)]);
  await pool.query("update results set result = jsonb_set(result, '{passed}', 'false') where job_id = $1", [id]);
  await pool.query("delete from holdout_looks where job_id = $1", [id]);
  expect((await createLedger(pool).check([])).wrong).toContainEqual(
    expect.stringContaining(`the look ${id}, which is not on record`),
  );
  // The ledger goes on counting.
  expect(await holdouts.standing(await look("III", "two"))).toMatchObject({ look: 2 });
});

it("cuts are followed, and kept while PostgreSQL is away", async () => {
  const own = createPool(database.url, { max: 1 });
  const cuts = followCuts(own);
  expect(await cuts()).toContainEqual({ symbol: "AAA", timeframe: "1d", startDate: "2019-01-01" });
  await own.end();
  expect(await cuts()).toContainEqual({ symbol: "AAA", timeframe: "1d", startDate: "2019-01-01" });
  expect(await followCuts(createPool("postgresql://x@127.0.0.1:1/none"))()).toEqual([]);
});
