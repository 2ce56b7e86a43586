import { randomUUID } from "node:crypto";
import { run, withTransaction, type Pool } from "./pool.ts";

/**
 * Writes a row into the record, reads it back and removes it: nobody else ever sees it.
 * @throws DomainError `database_unavailable` or `internal` when one of these does not work.
 */
export async function tryRecord(pool: Pool): Promise<void> {
  const id = randomUUID();
  await withTransaction(pool, async (session) => {
    await run(
      session,
      `insert into tool_executions (id, at, tool, arguments, outcome, duration_ms)
       values ($1, clock_timestamp(), 'doctor', '{}', 'ok', 0)`,
      [id],
    );
    await run(session, "select 1 / count(*) from tool_executions where id = $1", [id]);
    await run(session, "delete from tool_executions where id = $1", [id]);
  });
}
