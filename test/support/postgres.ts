import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { inject } from "vitest";
import { startPostgres, type PostgresServer } from "../../lab/postgres.ts";
import { migrate } from "../../src/store/migrate.ts";
import { freePort } from "./ports.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Server of this test run, with a migrated template to clone. */
    readonly postgresUrl: string;
  }
}

const TEMPLATE = "ktrdr_template";

export interface TestServer extends PostgresServer {
  readonly dir: string;
  /** Stops the server and removes its folder. */
  remove(): Promise<void>;
}

/** A PostgreSQL of its own, for tests that kill, freeze or fill it. */
export async function startTestPostgres(settings: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  const dir = await mkdtemp(join(tmpdir(), "ktrdr-mcp-test-"));
  const server = await startPostgres({ dir, port: await freePort(), fsync: false, settings });
  return {
    ...server,
    dir,
    remove: async () => {
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The server of the test run: one for all files, with a migrated database to clone. */
export async function startSharedPostgres(): Promise<TestServer> {
  const server = await startTestPostgres({ max_connections: "300", max_wal_size: "4GB" });
  await migrate(server.url(TEMPLATE));
  return server;
}

export interface TestDatabase {
  readonly url: string;
  /** Removes the database, ending whatever is still connected. */
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
