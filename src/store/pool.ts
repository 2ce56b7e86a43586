import pg, { type Pool, type PoolClient, type QueryResultRow } from "pg";
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { toDomainError } from "./database-error.ts";
import { toText } from "./json.ts";

export type { Pool, PoolClient };

/** Something that runs statements: the pool, or one connection inside a transaction. */
export type Session = Pick<PoolClient, "query">;

export interface PoolOptions {
  /** Connections at most. Default 10. */
  readonly max?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
  /** How long to wait for a connection. Milliseconds, default 2000. */
  readonly connectTimeoutMs?: number;
  /** How long to wait for an answer. Milliseconds, default 10000. */
  readonly queryTimeoutMs?: number;
  /** Told about connections that were lost while nobody used them. */
  readonly onError?: (error: Error) => void;
}

/** Opens connections when they are first needed, so it never fails; a lost connection is replaced by the next call. */
export function createPool(databaseUrl: string, options: PoolOptions = {}): Pool {
  const queryTimeoutMs = options.queryTimeoutMs ?? 10_000;
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: options.max ?? 10,
    application_name: options.applicationName ?? "ktrdr-mcp",
    connectionTimeoutMillis: options.connectTimeoutMs ?? 2_000,
    // The server's limit frees the server; ours, a little later, frees us when the server has gone silent.
    statement_timeout: queryTimeoutMs,
    query_timeout: queryTimeoutMs + 1_000,
    keepAlive: true,
    allowExitOnIdle: true,
  });
  pool.on("error", (error) => options.onError?.(error));
  // Without a listener, losing a connection between two statements of a transaction would end the process. The next
  // statement on that connection reports the loss.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

/**
 * Runs one statement and parses its rows.
 * @throws DomainError `database_unavailable` or `internal`.
 */
export async function select<Row extends z.ZodType>(
  session: Session,
  row: Row,
  text: string,
  values: readonly unknown[] = [],
): Promise<z.infer<Row>[]> {
  const rows = await run(session, text, values);
  const parsed = z.array(row).safeParse(rows);
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
    const { rows } = await session.query<QueryResultRow>(text, values.map(storable));
    return rows;
  } catch (error) {
    throw toDomainError(error);
  }
}

const storable = (value: unknown) => (typeof value === "string" ? toText(value) : value);

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
    await client.query("begin");
    const value = await work(client);
    await client.query("commit");
    return value;
  } catch (error) {
    broken = !(await client.query("rollback").then(
      () => true,
      () => false,
    ));
    throw toDomainError(error);
  } finally {
    client.release(broken);
  }
}
