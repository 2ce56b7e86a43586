import { afterAll, beforeAll, expect, it } from "vitest";
import { createJobWriter, type JobWriter } from "../../src/store/job-writer.ts";
import { createLedger, takeInTrials, type Ledger } from "../../src/store/ledger.ts";
import { migrate } from "../../src/store/migrate.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import {
  backtestRequest,
  backtestResult,
  engine,
  failedOutcome,
  jobInput,
  outcome,
  trainingRequest,
} from "./samples.ts";

let database: TestDatabase;
let pool: Pool;
let writer: JobWriter;
let ledger: Ledger;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url, { max: 20 });
  writer = createJobWriter(pool);
  ledger = createLedger(pool);
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

const DAYS = { startDate: "2015-01-01", endDate: "2015-12-31" };

async function backtest(symbol: string, modelPath: string, more: Partial<typeof backtestRequest> = {}) {
  const input = jobInput({ ...backtestRequest, symbol, modelPath, ...more });
  await writer.admit(input, null);
  return input.jobId;
}

const ended = async (jobId: string, sharpe: number | null, symbol: string) =>
  await writer.finish(jobId, outcome(jobId), { ...backtestResult, symbol, sharpe }, engine);

const lines = async (symbol: string) =>
  (await pool.query(`select state, kind, sharpe from trial_events where symbol = $1 order by seq`, [symbol])).rows;

it("has a line for each beginning and each end of a backtest, and none for a training", async () => {
  const jobId = await backtest("AAA", "models/a/1d_v1");
  await writer.admit(jobInput({ ...trainingRequest, symbol: "AAA" }), null);
  await ended(jobId, 0.5, "AAA");
  await ended(jobId, 0.5, "AAA");
  const failed = await backtest("AAA", "models/a/1d_v2");
  await writer.finish(failed, failedOutcome(failed), null, null);
  expect(await lines("AAA")).toEqual([
    { state: "started", kind: "trial", sharpe: null },
    { state: "finished", kind: "trial", sharpe: 0.5 },
    { state: "started", kind: "trial", sharpe: null },
    { state: "failed", kind: "trial", sharpe: null },
  ]);
});

it("counts what was shown: each draw, each window, and the same figures of the same run once", async () => {
  const again = async (more: object, forceReason: string | null, sharpe: number | null) => {
    const input = jobInput({ ...backtestRequest, symbol: "BBB", ...more }, { forceReason });
    await writer.admit(input, null);
    await ended(input.jobId, sharpe, "BBB");
  };
  await again({ modelPath: "models/b/1d_v1", ...DAYS }, null, 0.1);
  await again({ modelPath: "models/b/1d_v1", ...DAYS }, "looked once more", 0.1);
  await again({ modelPath: "models/b/1d_v2", ...DAYS }, null, 0.1);
  await again({ modelPath: "models/b/1d_v1", startDate: "2016-01-01", endDate: "2016-12-31" }, null, null);
  expect(await ledger.trials("BBB", { startDate: "2015-12-31", endDate: "2015-12-31" })).toEqual({
    count: 3,
    onTheseDays: 2,
    // Two of them have a Sharpe ratio, and it is the same.
    deviation: 0,
  });
  expect((await lines("BBB")).map(({ kind }) => kind)).toEqual([
    "trial",
    "trial",
    "replay",
    "replay",
    "trial",
    "trial",
    "trial",
    "trial",
  ]);
});

it("has prefixes as measures, which raise no count and hide no trial", async () => {
  const DDD = async (more: object, sharpe: number) =>
    await ended(await backtest("DDD", "models/d/1d_v1", more), sharpe, "DDD");
  const count = async () => (await ledger.trials("DDD", DAYS)).count;
  await DDD({ ...DAYS, endDate: "2015-06-30", measures: "backtest-d-1" }, 0.3);
  expect(await count()).toBe(0);
  // The same days, run for themselves, are shown for the first time.
  await DDD({ ...DAYS, endDate: "2015-06-30" }, 0.3);
  expect(await count()).toBe(1);
  await DDD({ ...DAYS, endDate: "2015-06-30", measures: "backtest-d-1" }, 0.3);
  await DDD({ ...DAYS, endDate: "2015-06-30" }, 0.3);
  expect(await count()).toBe(1);
  const kinds = (await lines("DDD")).filter(({ state }) => state === "finished").map(({ kind }) => kind);
  expect(kinds).toEqual(["measure", "trial", "measure", "replay"]);
  const runs = await pool.query("select distinct run from trial_events where symbol = 'DDD'");
  expect(runs.rows).toHaveLength(1);
  expect((await ledger.check([])).wrong).toEqual([]);
});

it("takes prefixes from another record as measures", async () => {
  const jobs = [
    { ...backtestRequest, symbol: "EEE" },
    { ...backtestRequest, symbol: "EEE", measures: "backtest-e-1" },
  ].map((request) => jobInput(request));
  for (const { jobId, request, requestHash } of jobs) {
    await pool.query(
      `insert into jobs (job_id, kind, request, request_hash, client, priority, status, finished_at, outcome)
       values ($1, 'backtest', $2, $3, 'elsewhere', 3, 'completed', now(), $4)`,
      [jobId, JSON.stringify(request), requestHash, JSON.stringify(outcome(jobId))],
    );
    const result = JSON.stringify({ ...backtestResult, symbol: "EEE" });
    await pool.query("insert into results (job_id, kind, result) values ($1, 'backtest', $2)", [jobId, result]);
  }
  expect(await takeInTrials(pool)).toBe(2);
  expect(new Set((await lines("EEE")).map(({ kind }) => kind))).toEqual(new Set(["import", "measure"]));
  expect(await ledger.trials("EEE", DAYS)).toMatchObject({ count: 1 });
  expect((await ledger.check([])).wrong).toEqual([]);
});

it("is one chain, also when many write at once", async () => {
  const jobs = await Promise.all(Array.from({ length: 40 }, (_, at) => backtest("CCC", `models/c/1d_v${at}`)));
  await Promise.all(jobs.map((jobId, at) => ended(jobId, at / 10, "CCC")));
  expect(await ledger.check([])).toEqual({ head: await ledger.head(), wrong: [] });
  expect(await ledger.trials("CCC", DAYS)).toMatchObject({ count: 40 });
});

it.each(["update trial_events set prev_hash = 'x'", "delete from trial_events", "truncate trial_events"])(
  "refuses: %s",
  async (statement) => {
    await expect(pool.query(statement)).rejects.toThrow(/permission denied|only ever added to/);
  },
);

/** What an owner of the database can do: the triggers are off for this. */
async function tampered<T>(change: string, look: () => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query("create table before_change as select seq, event, prev_hash, hash from trial_events");
    await client.query(
      "grant update, delete on trial_events to current_user; alter table trial_events disable trigger all",
    );
    await client.query(change);
    return await look();
  } finally {
    await client.query(`delete from trial_events;
      insert into trial_events (seq, event, prev_hash, hash) select * from before_change;
      drop table before_change; alter table trial_events enable trigger all;
      revoke update, delete on trial_events from current_user`);
    client.release();
  }
}

it.each([
  [
    "a changed line",
    `update trial_events set event = event || '{"sharpe": 9}' where seq = 2`,
    [/Line 2 was changed/, /another Sharpe/],
  ],
  ["a line taken out", "delete from trial_events where seq = 3", [/Line 3 is missing/]],
  [
    "a line changed with its hash",
    `update trial_events set event = event || '{"client": "x"}',
       hash = encode(sha256(convert_to(prev_hash || (event || '{"client": "x"}')::text, 'UTF8')), 'hex') where seq = 2`,
    [/Line 3 does not follow line 2/],
  ],
])("a check finds %s", async (_, change, found) => {
  const { wrong } = await tampered(change, () => ledger.check([]));
  for (const words of found) expect(wrong).toContainEqual(expect.stringMatching(words));
});

it("a check finds a chain that was cut, or made anew, by a head that was kept elsewhere", async () => {
  const head = await ledger.head();
  const anchors = [{ ...head!, place: "the backup of Tuesday" }];
  expect((await ledger.check(anchors)).wrong).toEqual([]);
  const cut = await tampered("delete from trial_events where seq = (select max(seq) from trial_events)", () =>
    ledger.check(anchors),
  );
  expect(cut.wrong).toContainEqual(expect.stringMatching(/is missing: the backup of Tuesday has its hash/));
  const [other] = [{ seq: 2, hash: "f".repeat(64), place: "the backup of Monday" }];
  expect((await ledger.check([other!])).wrong).toEqual(["Line 2 is not the one that the backup of Monday names."]);
});

it("a check finds a backtest that began outside the ledger", async () => {
  const jobId = jobInput(backtestRequest).jobId;
  await pool.query(
    `insert into jobs (job_id, kind, request, request_hash, client, priority) values ($1, 'backtest', $2, $1, 'x', 3)`,
    [jobId, JSON.stringify(backtestRequest)],
  );
  const { wrong } = await ledger.check([]);
  await pool.query("delete from jobs where job_id = $1", [jobId]);
  expect(wrong).toEqual([`The backtest ${jobId} has no line: it began outside the ledger.`]);
});

it("takes in, once, what was there before it", async () => {
  const old = await createTestDatabase({ migrated: false });
  await migrate(old.url, { to: "0006_operations" });
  const other = createPool(old.url);
  try {
    const request = JSON.stringify(backtestRequest);
    await other.query(
      `insert into jobs (job_id, kind, request, request_hash, client, priority) values ('b-1', 'backtest', $1, 'h1', 'x', 3)`,
      [request],
    );
    await other.query(
      `insert into jobs (job_id, kind, request, request_hash, client, priority, status, finished_at, outcome)
       values ('b-2', 'backtest', $1, 'h2', 'x', 3, 'completed', now(), '{"status": "completed", "jobId": "b-2"}')`,
      [request],
    );
    await other.query("insert into results (job_id, kind, result) values ('b-2', 'backtest', $1)", [
      JSON.stringify(backtestResult),
    ]);
    await migrate(old.url);
    const { rows } = await other.query("select job_id, kind, state, sharpe from trial_events order by seq");
    expect(rows).toEqual([
      { job_id: "b-1", kind: "import", state: "started", sharpe: null },
      { job_id: "b-2", kind: "import", state: "finished", sharpe: backtestResult.sharpe },
    ]);
    expect((await createLedger(other).check([])).wrong).toEqual([]);
  } finally {
    await other.end();
    await old.drop();
  }
});
