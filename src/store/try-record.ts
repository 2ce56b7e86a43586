import { randomUUID } from "node:crypto";
import { toDomainError } from "./database-error.ts";
import { run, type Pool } from "./pool.ts";

/**
 * Writes a row into the record, reads it back and takes it back: nobody else ever sees it.
 * @throws DomainError `database_unavailable` or `internal` when one of these does not work.
 */
export async function tryRecord(pool: Pool): Promise<void> {
  const client = await pool.connect().catch((error: unknown) => {
    throw toDomainError(error);
  });
  const id = randomUUID();
  try {
    await run(client, "begin");
    await run(
      client,
      `insert into tool_executions (id, at, tool, arguments, outcome, duration_ms)
       values ($1, clock_timestamp(), 'doctor', '{}', 'ok', 0)`,
      [id],
    );
    await run(client, "select 1 / count(*) from tool_executions where id = $1", [id]);
  } finally {
    const undone = await run(client, "rollback").then(
      () => true,
      () => false,
    );
    client.release(!undone);
  }
}
