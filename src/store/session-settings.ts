/** What our statements rely on, whatever a role, a database, a user's options or a pooler's other users have set. */
import pg, { type PoolClient } from "pg";

/** Settings of a session that change what a statement means, answers or may take. */
const RELIED_ON: Readonly<Record<string, string>> = {
  TimeZone: "UTC",
  DateStyle: "ISO, MDY",
  IntervalStyle: "postgres",
  extra_float_digits: "1",
  standard_conforming_strings: "on",
  array_nulls: "on",
  // What was committed must not be lost: nothing less than a server's usual care.
  synchronous_commit: "on",
  default_transaction_isolation: "read committed",
  default_transaction_read_only: "off",
  lock_timeout: "0",
  idle_in_transaction_session_timeout: "0",
  idle_session_timeout: "0",
  transaction_timeout: "0",
};

/**
 * The settings that are others here, and the path of schemas with `public` at its end. Who made the whole server, or this
 * connection, read-only meant it; what a role or a database brings along is not a word about us. A server says which process
 * serves a connection; behind a pooler the next transaction is served by another one.
 */
const DIFFERENT = `
  select name, value, pg_backend_pid() = $3 as direct from (
    select s.name, w.value
    from unnest($1::text[], $2::text[]) as w (name, value) join pg_settings s on s.name = w.name
    where s.setting <> w.value
      and (s.name <> 'synchronous_commit' or s.setting = 'off')
      and (s.name <> 'default_transaction_read_only'
           or s.source in ('database', 'user', 'database user') and not pg_is_in_recovery())
    union all
    select 'search_path', concat_ws(', ', nullif(string_agg(quote_ident(schema), ', ' order by at), ''), 'public')
    from unnest(current_schemas(false)) with ordinality as path (schema, at)
    having not coalesce('public' = any(array_agg(schema::text)), false)
  ) different`;

interface Different {
  readonly name: string;
  readonly value: string;
  readonly direct: boolean;
}

/** Begins a transaction on a connection whose session has what we rely on. */
export const BEGIN = "begin";

/**
 * Makes a fresh connection independent of the settings that it came with: once, where the session is ours; behind a pooler
 * at the beginning of every transaction, which leaves nothing behind for others.
 * @param statementTimeoutMs limit of one statement at the server; 0: none.
 * @returns null when the session is ours now; otherwise the statements that each transaction has to begin with.
 */
export async function settleSession(client: PoolClient, statementTimeoutMs: number): Promise<string | null> {
  const wanted = { ...RELIED_ON, statement_timeout: String(statementTimeoutMs) };
  // As the connection's first message says; the types do not know it.
  const { processID } = client as PoolClient & { readonly processID: number | null };
  const { rows } = await client.query<Different>(DIFFERENT, [Object.keys(wanted), Object.values(wanted), processID]);
  const [first] = rows;
  if (first === undefined) return null;
  if (!first.direct) return beginningWith(rows);
  const calls = rows.map(({ name, value }) => `set_config(${quote(name)}, ${quote(value)}, false)`);
  await client.query(`select ${calls.join(", ")}`);
  return null;
}

function beginningWith(settings: readonly Different[]): string {
  const differs = (wanted: string) => settings.some(({ name }) => name === wanted);
  const readWrite = differs("default_transaction_read_only") ? ", read write" : "";
  const local = settings
    .filter(({ name }) => !name.startsWith("default_transaction_"))
    // A path is a list of names, not a text.
    .map(({ name, value }) => `set local ${name} to ${name === "search_path" ? value : quote(value)}`);
  return [`${BEGIN} isolation level read committed${readWrite}`, ...local].join("; ");
}

const quote = (text: string): string => pg.escapeLiteral(text);
