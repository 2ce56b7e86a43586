/** Champions as they are watched, over a real record: what is due, what counts, and that nothing of it is a trial. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createCandidateWatches, type CandidateWatches } from "../../src/store/candidate-watches.ts";
import { createJobWriter, type JobWriter } from "../../src/store/job-writer.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { createRegistry, type Registry } from "../../src/store/registry.ts";
import { recordChampion, recordWatch } from "../support/champions.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let pool: Pool;
let writer: JobWriter;
let registry: Registry;
let watches: CandidateWatches;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url);
  writer = createJobWriter(pool);
  registry = createRegistry(pool);
  watches = createCandidateWatches(pool);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const champion = async (name: string, symbol: string, daysAgo: number) =>
  await recordChampion(pool, { name, symbol, daysAgo });
const linesOf = async (jobId: string) =>
  (await registry.history(jobId)).filter(({ what }) => what === "forward").map(({ reason, by }) => `${by}: ${reason}`);

test("a look is due a month after the approval, and is written down once", async () => {
  const [young, old] = [await champion("young", "AAA", 3), await champion("old", "BBB", 40)];
  expect(await watches.open()).toMatchObject([{ jobId: old.jobId, symbol: "BBB" }, { jobId: young.jobId }]);
  expect(await watches.due(young)).toMatchObject({ stage: "champion", over: false });
  expect((await watches.due(young)).leftMs).toBeGreaterThan(24 * 86_400_000);
  await watches.note(young, null);
  expect(await linesOf(young.jobId)).toEqual([]);
  expect(await watches.due(old)).toEqual({ stage: "champion", over: false, leftMs: 0 });
  await watches.note(old, null);
  await watches.note(old, null);
  expect(await linesOf(old.jobId)).toEqual([
    expect.stringMatching(/^the registry: Too few new bars .*0 blocks of days/),
  ]);
  expect((await watches.due(old)).leftMs).toBeGreaterThan(24 * 86_400_000);
  // Who made it the champion is told, not who looked last.
  expect(await registry.get(old.jobId)).toMatchObject({ lastWhat: "approved", lastBy: "operator ada" });
});

test("all watches since the approval count together, as measures and not as trials", async () => {
  const watched = await champion("watched", "CCC", 800);
  const asked = await watches.asked(watched);
  expect(asked).toMatchObject({ request: { strategy: "watched", watches: watched.jobId }, returns: 0 });
  const { startDate } = asked!.request;
  expect((Date.now() - Date.parse(startDate)) / 86_400_000).toBeCloseTo(799, -1);
  const ledger = createLedger(pool);
  const days = { startDate: "2000-01-01", endDate: "2100-01-01" };
  const before = (await ledger.trials("CCC", days)).count;
  expect(await registry.forward(watched.jobId)).toBeNull();
  for (let month = 1; month <= 14; month += 1) {
    // A month of it loses more than the approved backtest varies by in one.
    await recordWatch(writer, asked!.request, { n: month, returns: month * 21, mean: -0.003 });
  }
  expect(await registry.forward(watched.jobId)).toMatchObject({ blocks: 14, mean: "below 0" });
  expect(await watches.asked(watched)).toMatchObject({ returns: 14 * 21 });
  expect((await ledger.trials("CCC", days)).count).toBe(before);
  const kinds = await pool.query("select distinct kind from trial_events where event ->> 'watches' = $1", [
    watched.jobId,
  ]);
  expect(kinds.rows).toEqual([{ kind: "measure" }]);
  expect((await ledger.check([])).wrong).toEqual([]);
  await watches.note(watched, { jobId: "backtest-watch-14", status: "completed" });
  const figures = await pool.query("select figures from candidate_events where job_id = $1 and what = 'forward'", [
    watched.jobId,
  ]);
  expect(figures.rows).toMatchObject([{ figures: { blocks: 14, demotion: true, watch: "backtest-watch-14" } }]);
  expect(await linesOf(watched.jobId)).toEqual([expect.stringContaining("its demotion is proposed")]);
});

test("days of an earlier title, other days, and what did not complete do not count", async () => {
  const again = await champion("again", "DDD", 100);
  const { request } = (await watches.asked(again))!;
  await recordWatch(writer, { ...request, startDate: "2020-01-02" }, { n: 1, returns: 500, mean: -0.01 });
  expect(await registry.forward(again.jobId)).toBeNull();
  await watches.note(again, { jobId: "backtest-lost", status: "failed" });
  expect(await linesOf(again.jobId)).toEqual([expect.stringContaining("The backtest backtest-lost ended as failed.")]);
});

test("the title ends the watch, whoever takes it", async () => {
  const gone = await champion("gone", "EEE", 40);
  await pool.query("update candidates set stage = 'demoted' where job_id = $1", [gone.jobId]);
  expect(await watches.due(gone)).toEqual({ stage: "demoted", over: true, leftMs: 0 });
  expect(await watches.asked(gone)).toBeNull();
  await watches.note(gone, null);
  expect(await linesOf(gone.jobId)).toEqual([]);
  expect(await watches.due({ ...gone, round: 2 })).toMatchObject({ over: true });
});
