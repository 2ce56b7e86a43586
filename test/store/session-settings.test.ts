import { randomUUID } from "node:crypto";
import { execa } from "execa";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { ROOT } from "../../src/root.ts";
import { createExecutionLog } from "../../src/store/execution-log.ts";
import { createJobReader } from "../../src/store/job-reader.ts";
import { createJobWriter } from "../../src/store/job-writer.ts";
import { assertSchemaCurrent, migrate } from "../../src/store/migrate.ts";
import { createPool, run, withTransaction, type Pool } from "../../src/store/pool.ts";
import { createResultReader } from "../../src/store/result-reader.ts";
import { withSnapshot } from "../../src/store/snapshot.ts";
import { tryRecord } from "../../src/store/try-record.ts";
import { startPooler, type Pooler } from "../support/pooler.ts";
import { jobInput, outcome, trainingResult } from "./samples.ts";

const name = `session_${randomUUID().replaceAll("-", "")}`;
const server = new URL(inject("postgresUrl"));
const address = new URL(server);
address.username = name;
address.password = "secret";
address.pathname = `/${name}`;

/** Settings of a role. Each breaks something that our statements rely on. */
const HOSTILE = {
  statement_timeout: "'2s'",
  lock_timeout: "'1ms'",
  idle_in_transaction_session_timeout: "'1ms'",
  default_transaction_read_only: "on",
  default_transaction_isolation: "'serializable'",
  search_path: "''",
  timezone: "'Asia/Kolkata'",
  datestyle: "'German'",
  intervalstyle: "'sql_standard'",
  extra_float_digits: "-15",
  standard_conforming_strings: "off",
  array_nulls: "off",
  synchronous_commit: "off",
} as const;

async function administer(statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: server.href });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  await administer([
    `create role ${name} login password 'secret'`,
    `create database ${name} owner ${name}`,
    ...Object.entries(HOSTILE).map(([setting, value]) => `alter role ${name} set ${setting} = ${value}`),
  ]);
});

afterAll(async () => {
  await administer([`drop database ${name} with (force)`, `drop role ${name}`]);
});

describe.each(["direct", "through a pooler in transaction mode"])("with hostile settings of the role, %s", (way) => {
  let pooler: Pooler | null = null;
  let url: string;
  let pool: Pool;

  beforeAll(async () => {
    if (way !== "direct") pooler = await startPooler(address.href);
    url = pooler?.url ?? address.href;
    pool = createPool(url, { max: 5 });
  });

  afterAll(async () => {
    await pool.end();
    await pooler?.close();
  });

  it("brings the tables up to date, by command and for many at once", async () => {
    const env = { PATH: process.env["PATH"], DATABASE_URL: url, LOG_LEVEL: "silent" };
    await execa(process.execPath, [`${ROOT}src/bin/migrate.ts`], { env, extendEnv: false });
    await Promise.all([migrate(url), migrate(url), assertSchemaCurrent(pool)]);
  });

  it("records jobs and reads them as they were", async () => {
    const writer = createJobWriter(pool);
    const ids = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const input = jobInput();
        await writer.admit(input, "description: 'it\\'s \\\\ odd'\n", "ns");
        await writer.finish(input.jobId, outcome(input.jobId), trainingResult, null);
        return input.jobId;
      }),
    );
    for (const id of ids) {
      expect(await createJobReader(pool).get(id)).toMatchObject({ jobId: id, status: "completed" });
      expect(await createResultReader(pool).get(id)).toEqual(trainingResult);
    }
    await createExecutionLog(pool).recent();
    await tryRecord(pool);
    await withSnapshot(pool, async (snapshot) => {
      const lines: string[] = [];
      for (const table of snapshot.tables) for await (const some of snapshot.rows(table)) lines.push(...some);
      expect(lines.join()).toContain("+00:00");
    });
  });

  it("keeps to settings of its own", async () => {
    const settings = async () =>
      await run(
        pool,
        `select current_setting('statement_timeout') as limit, current_setting('TimeZone') as zone,
           current_setting('transaction_isolation') as isolation, 'a\\b' as text, '{null}'::text[] as list,
           0.1::float8 + 0.2::float8 as float, '2020-02-03T04:05:06Z'::timestamptz as at`,
      );
    const own = {
      limit: "10s",
      zone: "UTC",
      isolation: "read committed",
      text: String.raw`a\b`,
      list: [null],
      float: 0.1 + 0.2,
      at: new Date("2020-02-03T04:05:06Z"),
    };
    for (let i = 0; i < 4; i++) expect(await settings()).toEqual([own]);
    await withTransaction(pool, async (session) => {
      // This takes longer than the role's limits for a statement and for an idle transaction.
      expect(await run(session, "select pg_sleep(2.1)")).toHaveLength(1);
    });
  });

  it("leaves nothing behind in sessions that others get next", async ({ skip }) => {
    if (pooler === null) return skip("the sessions are ours");
    for (const _ of pooler.sessions) {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      const { rows } = await client.query(
        `select (select count(*)::int from pg_settings where source = 'session' and name not like 'transaction_%') as settings,
           (select count(*)::int from pg_prepared_statements where name <> '') as prepared,
           (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks,
           current_setting('statement_timeout') as limit`,
      );
      await client.end();
      expect(rows).toEqual([{ settings: 0, prepared: 0, locks: 0, limit: "2s" }]);
    }
  });
});
