import { expect, inject, it } from "vitest";
import { AILMENTS } from "../../src/doctor/finding.ts";
import { createPool, run } from "../../src/store/pool.ts";
import { createTestDatabase, OLDEST_MAJOR } from "../support/postgres.ts";

it("these tests run on the version that they say", async () => {
  const database = await createTestDatabase();
  const pool = createPool(database.url, { max: 1 });
  try {
    const [row] = await run(pool, "select current_setting('server_version_num')::int / 10000 as major");
    if (inject("postgresVersion") === "oldest") expect(row).toEqual({ major: OLDEST_MAJOR });
    else expect(Number(row?.["major"])).toBeGreaterThan(OLDEST_MAJOR);
    // The doctor demands the version that is tested.
    expect(AILMENTS.postgres_old.means).toContain(`older than ${OLDEST_MAJOR}`);
  } finally {
    await pool.end();
    await database.drop();
  }
});
