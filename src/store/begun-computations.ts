import { ComputationRow, type ComputationRecord } from "./job-row.ts";
import { select, type Pool } from "./pool.ts";

/**
 * Computations whose start may have been posted and whose operation is not known: the process that posted it died
 * before it wrote down the answer, or still waits for it. Oldest first.
 * @throws DomainError `database_unavailable`
 */
export async function begunComputations(pool: Pool): Promise<ComputationRecord[]> {
  return await select(
    pool,
    ComputationRow,
    `select c.* from computations c join jobs j using (job_id)
     where j.status = 'open' and c.operation_id is null and c.ended_at is null and c.posting_at > 'epoch'
     order by c.posting_at`,
  );
}
