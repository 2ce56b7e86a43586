import pg, { type Pool, type PoolClient, type QueryResult, type QueryResultRow } from "pg";
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { succeeds } from "../succeeds.ts";
import { named } from "./columns.ts";
import { toDomainError } from "./database-error.ts";
import { toText } from "./json.ts";
import { BEGIN, settleSession } from "./session-settings.ts";

export type { Pool, PoolClient };

/** Something that runs statements: the pool, or one connection inside a transaction. */
export type Session = Pick<PoolClient, "query">;

export interface PoolOptions {
  /** Most connections at once. Default 10. */
  readonly max?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
  /** How long to wait for a connection, a new one or a free one of the pool. Milliseconds, default 5000. */
  readonly connectTimeoutMs?: number;
  /** How long to wait for an answer. Milliseconds, default 10000; 0: for ever. */
  readonly queryTimeoutMs?: number;
  /** Called when an idle connection is lost. */
  readonly onError?: (error: Error) => void;
}

/** The statements that begin a transaction on a connection through a pooler, where we have no session of our own. */
const pooledBeginnings = new WeakMap<PoolClient, string>();

/**
 * Opens connections when they are first needed, so it never fails. The next call replaces a lost connection. Works
 * directly and through a pooler in transaction mode, whatever settings the role or the database has.
 */
export function createPool(databaseUrl: string, options: PoolOptions = {}): Pool {
  const queryTimeoutMs = options.queryTimeoutMs ?? 10_000;
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: options.max ?? 10,
    application_name: options.applicationName ?? "ktrdr-mcp",
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    // The server's own time limit ends the statement; this one, a little later, ends our waiting for a silent server.
    // The server's limit is not set when connecting: poolers refuse connections that ask for settings.
    query_timeout: queryTimeoutMs === 0 ? 0 : queryTimeoutMs + 1_000,
    keepAlive: true,
    allowExitOnIdle: true,
    async onConnect(client) {
      const beginning = await settleSession(client as PoolClient, queryTimeoutMs);
      if (beginning !== null) pooledBeginnings.set(client as PoolClient, beginning);
    },
  });
  pool.on("error", (error) => options.onError?.(error));
  // Without a listener, losing a connection between two statements of a transaction would end the process. The next
  // statement on that connection reports the loss.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

/**
 * Runs one statement and parses its rows, whose columns are named as the domain does.
 * @throws DomainError `database_unavailable` or `internal`.
 */
export async function select<Row extends z.ZodType>(
  session: Session,
  row: Row,
  text: string,
  values: readonly unknown[] = [],
): Promise<z.infer<Row>[]> {
  const rows = await run(session, text, values);
  const parsed = z.array(row).safeParse(rows.map(named));
  if (parsed.success) return parsed.data;
  throw new DomainError("internal", {
    what: "The database holds a row that this version does not understand.",
    why: z.prettifyError(parsed.error),
  });
}

/**
 * Runs one statement and hands out its rows as they are. Characters that PostgreSQL cannot hold become U+FFFD.
 * @throws DomainError `database_unavailable` or `internal`.
 */
export async function run(session: Session, text: string, values: readonly unknown[] = []): Promise<QueryResultRow[]> {
  try {
    const given = values.map(storable);
    const { rows } = session instanceof pg.Pool ? await alone(session, text, given) : await session.query(text, given);
    return rows;
  } catch (error) {
    throw toDomainError(error);
  }
}

/** One statement on any connection; through a pooler in a transaction of its own. */
async function alone(pool: Pool, text: string, values: unknown[]): Promise<QueryResult> {
  const client = await pool.connect();
  let spoilt = true;
  try {
    const beginning = pooledBeginnings.get(client);
    if (beginning !== undefined) await client.query(beginning);
    const result = await client.query(text, values);
    if (beginning !== undefined) await client.query("commit");
    spoilt = false;
    return result;
  } finally {
    client.release(spoilt);
  }
}

function storable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(storable);
  return typeof value === "string" ? toText(value) : value;
}

/**
 * Runs `work` inside one transaction on one connection: all of it is kept or nothing is.
 * @throws DomainError what `work` throws, translated.
 */
export async function withTransaction<T>(pool: Pool, work: (session: Session) => Promise<T>): Promise<T> {
  let client: PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    throw toDomainError(error);
  }
  let broken = false;
  try {
    await client.query(pooledBeginnings.get(client) ?? BEGIN);
    const value = await work(client);
    await client.query("commit");
    return value;
  } catch (error) {
    broken = !(await succeeds(client.query("rollback")));
    throw toDomainError(error);
  } finally {
    client.release(broken);
  }
}
