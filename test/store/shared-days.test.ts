/** PostgreSQL and the domain agree on whether two windows share days. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { overlaps } from "../../src/domain/market-data.ts";
import { createPool, select, type Pool } from "../../src/store/pool.ts";
import { sharedDays } from "../../src/store/shared-days.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

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

const TRAINED = ["2000-01-03", "2014-12-31"] as const;

test.each<[string, string, string, boolean]>([
  ["the day after", "2015-01-01", "2019-12-31", false],
  ["the last day", "2014-12-31", "2019-12-31", true],
  ["the first day", "1999-01-01", "2000-01-03", true],
  ["the day before", "1999-01-01", "2000-01-02", false],
  ["all of it", "1990-01-01", "2020-01-01", true],
  ["days inside", "2005-01-01", "2005-01-01", true],
  ["the last day, as stamps", "2014-12-31T00:00:00Z", "2019-12-31T23:59:59Z", true],
])("%s", async (_what, startDate, endDate, shared) => {
  expect(overlaps({ startDate: TRAINED[0], endDate: TRAINED[1] }, { startDate, endDate })).toBe(shared);
  const asked = `select ${sharedDays("$1::text", "$2::text", "$3::text", "$4::text")} as shared`;
  const rows = await select(pool, z.object({ shared: z.boolean() }), asked, [...TRAINED, startDate, endDate]);
  expect(rows).toEqual([{ shared }]);
});
