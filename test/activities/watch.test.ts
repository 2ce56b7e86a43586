/** Which backtest a champion is watched by: over a real record, with bars that KTRDR is said to have. */
import { MockActivityEnvironment } from "@temporalio/testing";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import { systemClock } from "../../src/activities/clock.ts";
import { watchActivities, type WatchStep } from "../../src/activities/watch.ts";
import { DomainError } from "../../src/domain/errors.ts";
import type { Round } from "../../src/domain/registry/stage.ts";
import { createCandidateWatches } from "../../src/store/candidate-watches.ts";
import { createJobReader } from "../../src/store/job-reader.ts";
import { createJobWriter } from "../../src/store/job-writer.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { idOf } from "../../src/temporal/jobs.ts";
import { labelsOf } from "../../src/temporal/start-options.ts";
import { recordChampion, recordWatch } from "../support/champions.ts";
import { SETTINGS } from "../support/job-inputs.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

const DAY_MS = 86_400_000;

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** One bar a day, so many of them, the last one so many days ago. */
const daily = (count: number, lastAgo = 1): string[] =>
  Array.from({ length: count }, (_, at) => new Date(Date.now() - (lastAgo + count - 1 - at) * DAY_MS).toISOString());

async function next(watch: Round, times: readonly string[] | DomainError): Promise<WatchStep> {
  const bars = async () => {
    if (times instanceof DomainError) throw times;
    return { times, ohlcv: times.map(() => [1, 1, 1, 1, 1]) };
  };
  const deps = {
    ktrdr: { data: { bars } },
    jobs: createJobReader(pool),
    watches: createCandidateWatches(pool),
    jobSettings: SETTINGS,
    identify: idOf,
    labelsOf,
    clock: systemClock,
    log: pino({ level: "silent" }),
  } as unknown as ActivityDeps;
  return (await new MockActivityEnvironment().run(
    async () => await watchActivities(deps).nextWatch(watch),
  )) as WatchStep;
}

test("the same model at the same costs, from the day after the approval to the last stored day", async () => {
  const champion = await recordChampion(pool, { name: "held", symbol: "AAA", daysAgo: 90 });
  const times = daily(80, 3);
  const { job } = await next(champion, times);
  const approved = new Date(Date.now() - 89 * DAY_MS).toISOString().slice(0, 10);
  expect(job?.input).toMatchObject({
    client: "the registry",
    parentJobId: null,
    request: {
      kind: "backtest",
      strategy: "held",
      modelPath: "models/held/1d_v1",
      commission: 0.001,
      slippage: 0.0005,
      startDate: approved,
      endDate: times.at(-1)?.slice(0, 10),
      watches: champion.jobId,
    },
  });
  expect(job).toMatchObject({ workflow: "runBacktest", finished: null });
  expect((await next(champion, times)).job?.input.jobId).toBe(job?.input.jobId);
});

test("20 bars beyond the warm-up and the looks before, or nothing", async () => {
  const champion = await recordChampion(pool, { name: "slow", symbol: "BBB", daysAgo: 90 });
  expect((await next(champion, daily(70))).job).toBeNull();
  expect((await next(champion, daily(71))).job).not.toBeNull();
  const request = (await next(champion, daily(71))).job!.input.request;
  await recordWatch(createJobWriter(pool), request as never, { n: 1, returns: 20, mean: 0.001 });
  expect((await next(champion, daily(90))).job).toBeNull();
  expect((await next(champion, daily(91))).job).not.toBeNull();
  expect((await next(champion, [])).job).toBeNull();
});

test("nothing before a month is over, and KTRDR is waited for", async () => {
  const young = await recordChampion(pool, { name: "young", symbol: "CCC", daysAgo: 5 });
  expect(await next(young, daily(90))).toMatchObject({ stage: "champion", over: false, job: null });
  const old = await recordChampion(pool, { name: "down", symbol: "DDD", daysAgo: 90 });
  const down = new DomainError("ktrdr_unavailable", { what: "KTRDR does not answer." });
  await expect(next(old, down)).rejects.toMatchObject({ code: "ktrdr_unavailable" });
});
