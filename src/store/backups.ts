import { run, type Pool } from "./pool.ts";

/**
 * Notes a complete backup, so that its age can be shown.
 * @param backup takenAt: moment of its data, ISO-8601 UTC, by PostgreSQL's clock
 * @throws DomainError `database_unavailable`, also when the database cannot be written
 */
export async function noteBackup(
  pool: Pool,
  { takenAt, version }: { readonly takenAt: string; readonly version: string },
): Promise<void> {
  await run(pool, "insert into backups (taken_at, version) values ($1, $2)", [takenAt, version]);
}
