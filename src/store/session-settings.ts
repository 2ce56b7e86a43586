/** Gives each session the settings that our statements rely on, whatever a role, a database or a pooler's users have set. */
import pg, { type PoolClient } from "pg";

/** Settings of a session that change what a statement means, answers or may take. */
const RELIED_ON: Readonly<Record<string, string>> = {
  TimeZone: "UTC",
  DateStyle: "ISO, MDY",
  IntervalStyle: "postgres",
  extra_float_digits: "1",
  standard_conforming_strings: "on",
  array_nulls: "on",
  // A committed transaction must not be lost: the server's default.
  synchronous_commit: "on",
  default_transaction_isolation: "read committed",
  default_transaction_read_only: "off",
  lock_timeout: "0",
  idle_in_transaction_session_timeout: "0",
  idle_session_timeout: "0",
  transaction_timeout: "0",
};

/**
 * The settings that differ here, and the search path with `public` at its end. A read-only server or connection stays
 * so; a role or database that is read-only by default does not count. The server's process id tells whether a pooler
 * stands between: then the next transaction may get another process.
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
 * Makes a new connection independent of the settings that it came with: once when the session is ours; behind a pooler
 * at the beginning of every transaction, so that nothing is left for others.
 * @param statementTimeoutMs limit of one statement at the server; 0 for none
 * @returns null when the session is ours, else the statements that each transaction has to begin with
 */
export async function settleSession(client: PoolClient, statementTimeoutMs: number): Promise<string | null> {
  const wanted = { ...RELIED_ON, statement_timeout: String(statementTimeoutMs) };
  // The connection's first message has it; the library's types lack it.
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
    // The search path is a list of names, not a text.
    .map(({ name, value }) => `set local ${name} to ${name === "search_path" ? value : quote(value)}`);
  return [`${BEGIN} isolation level read committed${readWrite}`, ...local].join("; ");
}

const quote = (text: string): string => pg.escapeLiteral(text);
