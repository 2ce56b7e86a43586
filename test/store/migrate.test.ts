import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { execa } from "execa";
import pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { ROOT } from "../../src/root.ts";
import { assertSchemaCurrent, migrate } from "../../src/store/migrate.ts";
import { createPool } from "../../src/store/pool.ts";
import { freePort } from "../support/ports.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

const FOLDER = fileURLToPath(new URL("../../migrations/", import.meta.url));
const ALL = (await readdir(FOLDER)).map((file) => path.basename(file, ".sql")).toSorted();
const BIN = fileURLToPath(new URL("../../src/bin/migrate.ts", import.meta.url));

const databases: TestDatabase[] = [];
async function database(migrated: boolean): Promise<string> {
  const created = await createTestDatabase({ migrated });
  databases.push(created);
  return created.url;
}

afterEach(async () => {
  for (const created of databases.splice(0)) await created.drop();
});

async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

const tables = (url: string) =>
  query<{ name: string }>(
    url,
    "select table_name as name from information_schema.tables where table_schema = 'public' order by 1",
  );

const runBin = (url: string) =>
  promisify(execFile)(process.execPath, [BIN], { env: { ...process.env, DATABASE_URL: url, LOG_LEVEL: "info" } });

describe("migrate", () => {
  it("creates the database and everything in it, once", async () => {
    const url = await database(false);
    expect(await migrate(url)).toEqual({ applied: ALL });
    expect(await migrate(url)).toEqual({ applied: [] });
    expect((await tables(url)).map(({ name }) => name)).toEqual([
      "backups",
      "batch_items",
      "campaign_orders",
      "campaign_points",
      "campaign_runs",
      "campaign_steps",
      "candidate_events",
      "candidate_evidence",
      "candidate_grants",
      "candidates",
      "clocks",
      "computations",
      "experiment_jobs",
      "experiments",
      "holdout_looks",
      "holdouts",
      "insight_jobs",
      "insight_words",
      "insights",
      "jobs",
      "models",
      "page_forms",
      "page_links",
      "page_sessions",
      "research_control",
      "results",
      "schema_migrations",
      "supersessions",
      "tool_executions",
      "trial_events",
    ]);
  });

  it("lets one of many in one process do the work", async () => {
    const url = await database(false);
    const answers = await Promise.all(Array.from({ length: 8 }, () => migrate(url)));
    expect(answers.flatMap(({ applied }) => applied).toSorted()).toEqual(ALL);
  });

  it("lets one of five processes do the work", async () => {
    const url = await database(false);
    const outputs = await Promise.all(Array.from({ length: 5 }, () => runBin(url)));
    expect(outputs.map(({ stdout }) => stdout).join("")).toBe("");
    const applied = outputs.flatMap(({ stderr }) => (JSON.parse(stderr.trim()) as { applied: string[] }).applied);
    expect(applied.toSorted()).toEqual(ALL);
    expect(await query(url, "select name from schema_migrations order by id")).toEqual(ALL.map((name) => ({ name })));
  });

  it("refuses a database that a newer version has migrated, and changes nothing there", async () => {
    const url = await database(true);
    await query(url, "insert into schema_migrations (name, run_on) values ('0099_later', now())");
    await query(url, "delete from schema_migrations where name = '0003_tool_executions'");
    await query(url, "drop table tool_executions");
    await expect(migrate(url)).rejects.toMatchObject({
      code: "schema_newer",
      why: expect.stringContaining("0099_later"),
    });
    expect((await tables(url)).map(({ name }) => name)).not.toContain("tool_executions");
    await expect(runBin(url)).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("newer version") });
  });

  it("leaves nothing behind when a migration fails", async () => {
    const url = await database(true);
    await query(url, "drop table schema_migrations, tool_executions, models, results, computations");
    await expect(migrate(url)).rejects.toMatchObject({ code: "internal" }); // `jobs` is in the way
    expect((await tables(url)).map(({ name }) => name)).not.toContain("computations");
  });

  it("says that the database is away when it is", async () => {
    const url = `postgresql://postgres@127.0.0.1:${await freePort()}/nowhere`;
    await expect(migrate(url)).rejects.toMatchObject({ code: "database_unavailable", retryable: true });
  });
});

describe("assertSchemaCurrent", () => {
  it("accepts the current schema and refuses older, newer and missing ones", async () => {
    const url = await database(true);
    const pool = createPool(url);
    try {
      await assertSchemaCurrent(pool);
      await query(url, "delete from schema_migrations where name = '0003_tool_executions'");
      await expect(assertSchemaCurrent(pool)).rejects.toMatchObject({
        code: "database_unavailable",
        why: expect.stringContaining("0003_tool_executions"),
      });
      await query(url, "insert into schema_migrations (name, run_on) values ('0099_later', now())");
      await expect(assertSchemaCurrent(pool)).rejects.toMatchObject({ code: "schema_newer" });
      await query(url, "drop table schema_migrations");
      await expect(assertSchemaCurrent(pool)).rejects.toMatchObject({ code: "database_unavailable" });
    } finally {
      await pool.end();
    }
  });
});

describe("a worker process", () => {
  it.each([
    ["older", "delete from schema_migrations where name = '0003_tool_executions'", "Run `ktrdr-mcp migrate`."],
    ["newer", "insert into schema_migrations (name, run_on) values ('0099_later', now())", "Update ktrdr-mcp"],
  ])("does not work with %s tables", async (_name, change, words) => {
    const url = await database(true);
    await query(url, change);
    const env = { DATABASE_URL: url, TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}`, LOG_LEVEL: "silent" };
    const ended = await execa(process.execPath, [path.join(ROOT, "src/bin/worker.ts")], {
      env: { PATH: process.env["PATH"], LAB_DIR: path.join(tmpdir(), "no-lab"), ...env },
      extendEnv: false,
      reject: false,
    });
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain(words);
  });
});
