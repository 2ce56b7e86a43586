/** Which operations of KTRDR belonged to jobs of ours, and whether those are over. */
import { z } from "zod";
import type { Stored } from "../domain/stored.ts";
import { select, type Pool } from "./pool.ts";

const Row = z.object({
  operationId: z.string(),
  /** The newest job that it computed for. */
  jobId: z.string(),
  /** True when every job that it computed for ended long enough ago, and no open job goes on from one of them. */
  isOver: z.boolean(),
});

export type EndedOperation = Stored<typeof Row>;

/**
 * The given operations that computed for a job of ours, by operation id.
 * @throws DomainError `database_unavailable`
 */
export async function endedOperations(
  pool: Pool,
  operationIds: readonly string[],
  days: number,
): Promise<Map<string, EndedOperation>> {
  const rows = await select(
    pool,
    Row,
    `select c.operation_id, (array_agg(j.job_id order by j.admitted_at desc))[1] as job_id,
       bool_and(j.status <> 'open' and j.finished_at < now() - $2 * interval '1 day'
         and not exists (select from jobs w where w.status = 'open' and w.request ->> 'resumeFrom' = j.job_id)) as is_over
     from computations c join jobs j using (job_id) where c.operation_id = any($1) group by c.operation_id`,
    [[...operationIds], days],
  );
  return new Map(rows.map((row) => [row.operationId, row]));
}
