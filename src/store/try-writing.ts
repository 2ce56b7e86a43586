import { DomainError, isDomainError } from "../domain/errors.ts";
import { codeOf } from "./database-error.ts";
import { run, withTransaction, type Pool } from "./pool.ts";

/**
 * A sort that needs about half a megabyte of the server's disk and gives it back. It leaves no row, no bloat and no
 * write-ahead log, so it may run every few seconds.
 */
const SPILL = "select count(distinct repeat(md5(i::text), 4)) from generate_series(1, 4000) i";

/**
 * Checks that PostgreSQL is up: it has our tables, and can read and write now. A process that only reads asks with
 * `readOnly`, because reading may work when writing does not.
 * @throws DomainError `database_unavailable`, which says what prevents it
 */
export async function assertUp(pool: Pool, { readOnly: writesNothing = false } = {}): Promise<void> {
  await withTransaction(pool, async (session) => {
    await run(session, "select 1 from jobs limit 1");
    if (writesNothing) return;
    const [row] = await run(
      session,
      `select current_setting('transaction_read_only') = 'on' as read_only, pg_is_in_recovery() as standby,
         has_table_privilege('jobs', 'insert') as may`,
    );
    if (row?.["read_only"] === true) throw readOnly(row["standby"] === true);
    if (row?.["may"] !== true) throw cannot("the user of DATABASE_URL may not insert into jobs", GRANT);
    await run(session, "set local work_mem = '64kB'; set local temp_tablespaces = ''");
    await run(session, SPILL);
  }).catch((error: unknown) => {
    // A limit on temporary files does not limit rows.
    if (!isDomainError(error) || codeOf(error.cause) !== "53400") throw error;
  });
}

const GRANT = "As the owner: `grant all on all tables in schema public to <user>`.";

const readOnly = (standby: boolean): DomainError =>
  standby
    ? cannot("it is a standby", "Point DATABASE_URL to the primary server.")
    : cannot(
        "default_transaction_read_only is on",
        "Find out who set it, and why (a full disk is a usual reason); then `alter system reset default_transaction_read_only` and reload, or remove it from DATABASE_URL.",
      );

const cannot = (why: string, next: string): DomainError =>
  new DomainError("database_unavailable", {
    what: `PostgreSQL can be read but not written: ${why}.`,
    why: "Jobs wait and nothing is recorded until it can.",
    next,
  });
