/** The operator's limit of trials, held by the admission of each backtest. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { createJobWriter, type JobWriter } from "../../src/store/job-writer.ts";
import { createLedger, type Ledger } from "../../src/store/ledger.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { backtestRequest, backtestResult, engine, failedOutcome, jobInput, outcome } from "./samples.ts";

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

const order = (symbol: string, limit: number | null) =>
  ledger.setLimit({ symbol, limit, reason: "enough for these years", by: "operator test" });
const backtest = (symbol: string, version: number, more: { forceReason?: string; measures?: string } = {}) => {
  const { forceReason = null, ...measures } = more;
  return jobInput(
    { ...backtestRequest, symbol, modelPath: `models/${symbol}/1d_v${version}`, ...measures },
    { forceReason },
  );
};
const admit = (input: ReturnType<typeof backtest>) => writer.admit(input, null);
const finish = (jobId: string, symbol: string) =>
  writer.finish(jobId, outcome(jobId), { ...backtestResult, symbol }, engine);
const left = async (symbol: string) => (await ledger.standings([symbol])).get(symbol)?.left;

it("lets exactly so many begin, however many are admitted at once and however often", async () => {
  await order("AAA", 5);
  const inputs = Array.from({ length: 20 }, (_, version) => backtest("AAA", version));
  const admitted = await Promise.all([...inputs, ...inputs].map(async (input) => await admit(input)));
  const refused = admitted.slice(0, 20).filter((ending) => ending?.failure?.code === "trials_used_up");
  // A repeated admission is told the same as the first one.
  expect(admitted.slice(20).map((ending) => ending?.status)).toEqual(admitted.slice(0, 20).map((one) => one?.status));
  expect(refused).toHaveLength(15);
  expect(await left("AAA")).toBe(0);
  expect((await ledger.check([])).wrong).toEqual([]);
});

it("gives back what showed nothing, and counts the same figures of the same run once", async () => {
  await order("BBB", 2);
  const [one, two, three] = [1, 2, 3].map((version) => backtest("BBB", version));
  if (one === undefined || two === undefined || three === undefined) throw new Error("there are three");
  await admit(one);
  await finish(one.jobId, "BBB");
  await admit(two);
  await writer.finish(two.jobId, failedOutcome(two.jobId), null, null);
  expect(await left("BBB")).toBe(1);
  expect(await admit(three)).toBeNull();
  await finish(three.jobId, "BBB");
  expect(await left("BBB")).toBe(0);

  const again = backtest("BBB", 1, { forceReason: "once more" });
  expect(await admit(again)).toBeNull();
  await finish(again.jobId, "BBB");
  expect(await admit(backtest("BBB", 1, { measures: one.jobId }))).toBeNull();
  expect(await left("BBB")).toBe(0);
});

it("holds by its last order, from the ledger alone, and only for its symbol", async () => {
  await order("CCC", 0);
  expect(await admit(backtest("CCC", 1))).toMatchObject({ status: "failed", failure: { code: "trials_used_up" } });
  expect(await admit(backtest("DDD", 1))).toBeNull();
  await order("CCC", 1);
  expect(await admit(backtest("CCC", 2))).toBeNull();
  expect(await ledger.limits()).toContainEqual(
    expect.objectContaining({
      symbol: "CCC",
      limit: 1,
      left: 0,
      by: "operator test",
      reason: "enough for these years",
    }),
  );
  await order("CCC", null);
  expect(await left("CCC")).toBeNull();
  expect(await admit(backtest("CCC", 3))).toBeNull();
  const { rows } = await pool.query(
    "select count(*)::int as n from trial_events where kind = 'override' and symbol = 'CCC'",
  );
  expect(rows).toEqual([{ n: 3 }]);
});
