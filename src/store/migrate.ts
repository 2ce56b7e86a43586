import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { runner } from "node-pg-migrate";
import pg, { type ClientBase, type QueryConfig } from "pg";
import { z } from "zod";
import { DomainError, isDomainError } from "../domain/errors.ts";
import { codeOf } from "./database-error.ts";
import { createPool, run, select, withTransaction, type Pool, type Session } from "./pool.ts";

const MIGRATIONS = fileURLToPath(new URL("../../migrations/", import.meta.url));
const TABLE = "schema_migrations";
/** The advisory lock of every migration; the number was chosen at random once. */
const LOCK = 6_920_771_344;
const LOCK_TIMEOUT_MS = 60_000;

export interface MigrateOptions {
  readonly log?: (line: string) => void;
  /** The last migration to apply; all of them when undefined. */
  readonly to?: string | undefined;
}

/**
 * Brings the schema up to date and creates the database itself when it is missing. Any number of processes may do this
 * at once: one works, the others wait and then find nothing to do.
 * @returns the names of the migrations that this call applied, in order.
 * @throws DomainError `schema_newer` when the database was migrated by a newer version (nothing is changed then),
 *   `database_unavailable`, or `internal` when a migration fails (it is rolled back).
 */
export async function migrate(databaseUrl: string, options: MigrateOptions = {}): Promise<{ applied: string[] }> {
  return await creating(databaseUrl, (pool) =>
    withTransaction(pool, async (session) => {
      // Both end with the transaction, because a pooler gives the next one another session.
      await run(session, `set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await run(session, "select pg_advisory_xact_lock($1)", [LOCK]);
      const [applied, known] = [await appliedMigrations(session), await knownMigrations()];
      const newer = newerThanKnown(applied, known);
      if (newer !== null) throw newer;
      await assertUtf8(session);
      const { client, failure } = insideTransaction(session);
      const migrations = await runner({
        dbClient: client,
        dir: MIGRATIONS,
        direction: "up",
        count: countUpTo(options.to, applied, known),
        migrationsSchema: await schemaOf(session),
        migrationsTable: TABLE,
        singleTransaction: true,
        // Our own lock is held already, and covers the check above too.
        noLock: true,
        log: (line) => options.log?.(line),
      }).catch((error: unknown) => {
        throw failure() ?? error;
      });
      return { applied: migrations.map(({ name }) => name) };
    }),
  );
}

/**
 * Checks that the database stores UTF-8, because people write all of it.
 * @throws DomainError `database_unavailable` naming what the database holds instead of UTF-8
 */
export async function assertUtf8(session: Session): Promise<void> {
  const [row] = await run(
    session,
    "select current_database() as name, pg_encoding_to_char(encoding) as encoding from pg_database where datname = current_database()",
  );
  if (row?.["encoding"] === "UTF8") return;
  const name = String(row?.["name"]);
  throw new DomainError("database_unavailable", {
    what: `The database ${name} holds ${String(row?.["encoding"])}, which has no room for many characters.`,
    why: "Texts with such a character (a curly quote is one) could not be kept.",
    next: `Make another: \`create database ${name}_utf8 encoding 'UTF8' locale 'C' template template0\`, and name it in DATABASE_URL.`,
  });
}

/**
 * Gives the library a connection on which it cannot begin or end transactions: ours lasts until all is done. `failure`
 * is the first error as PostgreSQL told it; the library keeps only its words.
 */
function insideTransaction(session: Session) {
  let failed: unknown;
  const query = async (asked: string | QueryConfig, values?: unknown[]) => {
    const text = typeof asked === "string" ? asked : asked.text;
    if (/^(begin|commit|rollback);?$/i.test(text)) return { rows: [] };
    try {
      return await session.query(asked, values);
    } catch (error) {
      failed ??= error;
      throw error;
    }
  };
  return { client: { query } as unknown as ClientBase, failure: () => failed };
}

/** The schema of our tables. For a new database it is the first existing schema of the search path. */
async function schemaOf(session: Session): Promise<string> {
  const [row] = await select(
    session,
    z.object({ schema: z.string() }),
    `select coalesce((select nspname from pg_class c join pg_namespace n on n.oid = relnamespace
       where c.oid = to_regclass('${TABLE}')), current_schema(), 'public') as schema`,
  );
  return row?.schema ?? "public";
}

/**
 * Checks that this code and the database fit together, without changing anything.
 * @throws DomainError `schema_newer`, or `database_unavailable` when migrations have not been run
 */
export async function assertSchemaCurrent(pool: Pool): Promise<void> {
  const [applied, known] = await Promise.all([appliedMigrations(pool), knownMigrations()]);
  const misfit = misfitOf(applied, known);
  if (misfit !== null) throw misfit;
}

/**
 * Why a process must not work with this database. Null when it may, and while the database is away: then the process
 * waits for it.
 */
export async function schemaMisfit(databaseUrl: string): Promise<DomainError | null> {
  const pool = createPool(databaseUrl, { max: 1 });
  try {
    const applied = await appliedMigrations(pool).catch((error: unknown) => {
      if (isDomainError(error, "database_unavailable")) return null;
      throw error;
    });
    return applied === null ? null : misfitOf(applied, await knownMigrations());
  } finally {
    await pool.end();
  }
}

function misfitOf(applied: readonly string[], known: readonly string[]): DomainError | null {
  const newer = newerThanKnown(applied, known);
  if (newer !== null) return newer;
  const missing = known.filter((name) => !applied.includes(name));
  if (missing.length === 0) return null;
  return new DomainError("database_unavailable", {
    what: "The tables of the database are not up to date.",
    why: `Not applied yet: ${missing.join(", ")}.`,
    next: "Run `ktrdr-mcp migrate`.",
  });
}

/** Creates the database itself when it is missing. */
export const createMissing = async (databaseUrl: string): Promise<void> =>
  await creating(databaseUrl, async (pool) => void (await run(pool, "select 1")));

/**
 * Checks that this code knows a schema: its migrations must be the first of ours.
 * @throws DomainError `schema_newer`, or `backup_unusable` when it is not a schema of ours
 */
export async function assertSchemaKnown(schema: readonly string[]): Promise<void> {
  const known = await knownMigrations();
  const newer = newerThanKnown(schema, known, {
    what: "The backup was made by a newer version of ktrdr-mcp.",
    next: "Restore it with the version that made it, or a newer one.",
  });
  if (newer !== null) throw newer;
  if (schema.length > 0 && schema.every((name, index) => name === known[index])) return;
  throw new DomainError("backup_unusable", {
    what: "The backup's tables are of no version of ktrdr-mcp.",
    why: `Its migrations are ${schema.join(", ") || "missing"}; ours begin ${known.slice(0, schema.length).join(", ")}.`,
  });
}

function countUpTo(last: string | undefined, applied: readonly string[], known: readonly string[]): number {
  if (last === undefined) return Infinity;
  return Math.max(0, known.indexOf(last) + 1 - applied.length);
}

const NEWER_DATABASE = {
  what: "The database belongs to a newer version of ktrdr-mcp.",
  next: "Update ktrdr-mcp, or point DATABASE_URL to another database.",
};

function newerThanKnown(applied: readonly string[], known: readonly string[], words = NEWER_DATABASE) {
  const unknown = applied.filter((name) => !known.includes(name));
  if (unknown.length === 0) return null;
  const why = `It has migrations that this version does not know: ${unknown.join(", ")}.`;
  return new DomainError("schema_newer", { ...words, why });
}

async function knownMigrations(): Promise<string[]> {
  const files = await readdir(MIGRATIONS);
  return files
    .filter((file) => file.endsWith(".sql"))
    .map((file) => file.slice(0, -".sql".length))
    .toSorted();
}

export async function appliedMigrations(session: Session): Promise<string[]> {
  // Asks whether the table exists: an error would end a transaction of the caller.
  const [table] = await run(session, `select to_regclass('${TABLE}') as there`);
  if (table?.["there"] === null) return []; // a fresh database
  const rows = await select(session, z.object({ name: z.string() }), `select name from ${TABLE} order by id`);
  return rows.map(({ name }) => name);
}

/** Runs `work` on a database, which is created when it is missing. */
async function creating<T>(databaseUrl: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  try {
    return await using(databaseUrl, work);
  } catch (error) {
    if (!isDomainError(error) || codeOf(error.cause) !== "3D000") throw error;
  }
  const url = new URL(databaseUrl);
  const database = decodeURIComponent(url.pathname.slice(1));
  url.pathname = "/postgres";
  await using(url.href, async (pool) => {
    try {
      const [model] = await run(
        pool,
        "select encoding = pg_char_to_encoding('UTF8') as utf8 from pg_database where datname = 'template1'",
      );
      const utf8 = model?.["utf8"] === true ? "" : " encoding 'UTF8' locale 'C' template template0";
      await run(pool, `create database ${pg.escapeIdentifier(database)}${utf8}`);
    } catch (error) {
      // Another process was quicker; a moment earlier that shows as a unique violation.
      if (!isDomainError(error) || !["42P04", "23505"].includes(codeOf(error.cause))) throw error;
    }
  });
  return await using(databaseUrl, work);
}

async function using<T>(databaseUrl: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const options = { max: 1, applicationName: "ktrdr-mcp migrate", connectTimeoutMs: 5_000, queryTimeoutMs: 0 };
  const pool = createPool(databaseUrl, options);
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}
