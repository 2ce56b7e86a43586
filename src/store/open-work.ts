/** The open jobs on record: as numbers for limits, and as a list for stopping them. */
import { z } from "zod";
import type { Stored } from "../domain/stored.ts";
import { select, type Pool } from "./pool.ts";
import { waitingKinds } from "./waiting-kinds.ts";

export interface OpenWorkFilter {
  /** Also finds batches that this strategy is a part of: they would begin its next item. */
  readonly strategy?: string;
  /** Who asked for the job. */
  readonly client?: string;
}

const SnapshotRow = z.object({
  /** Clients without anything open are left out. */
  clients: z.array(
    z.object({
      client: z.string(),
      /** Open jobs; a batch and its jobs count as one. */
      open: z.number(),
      /** Computations that wait for KTRDR; each job of a batch counts. */
      queued: z.number(),
    }),
  ),
  /** The given jobs that are on record, open or ended. */
  recorded: z.array(z.string()),
});

/** Numbers of open jobs on record, all of one moment. */
export type OpenWorkSnapshot = Stored<typeof SnapshotRow>;

/** Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface OpenWork {
  /** Ids of jobs, oldest first, batches before their jobs. */
  list(filter: OpenWorkFilter): Promise<string[]>;
  /** @param jobIds jobs to look up at the same time (`recorded`) */
  snapshot(jobIds: readonly string[]): Promise<OpenWorkSnapshot>;
  /** Addresses of KTRDR's workers that computed any of the given jobs. */
  endpointsOf(jobIds: readonly string[]): Promise<string[]>;
}

const ListRow = z.object({ jobId: z.string() }).transform(({ jobId }) => jobId);

// `jobs_open` is a partial index, so this reads open rows only.
const SNAPSHOT = `
  select
    (select coalesce(jsonb_agg(per_client), '[]') from (
      select client, (count(*) filter (where parent_job_id is null))::int as open,
        (count(*) filter (where kind not in (${waitingKinds}) and not exists (
          select 1 from computations c
          where c.job_id = jobs.job_id and c.operation_id is not null and c.ended_at is null
        )))::int as queued
      from jobs where status = 'open' group by client
    ) as per_client) as clients,
    array(select job_id from jobs where job_id = any($1)) as recorded`;

export function createOpenWork(pool: Pool): OpenWork {
  return {
    list: (filter) =>
      select(
        pool,
        ListRow,
        `select job_id from jobs
         where status = 'open' and ($1::text is null or strategy = $1 or kind = 'batch' and exists (
             select from jsonb_array_elements(request -> 'strategies' || (request -> 'models')) part
             where part ->> 'strategy' = $1))
           and ($2::text is null or client = $2)
         order by admitted_at, parent_job_id nulls first, job_id`,
        [filter.strategy ?? null, filter.client ?? null],
      ),

    async snapshot(jobIds) {
      const [row] = await select(pool, SnapshotRow, SNAPSHOT, [[...jobIds]]);
      return row ?? { clients: [], recorded: [] };
    },

    async endpointsOf(jobIds) {
      const row = z.object({ workerEndpoint: z.string() });
      const rows = await select(
        pool,
        row,
        "select distinct worker_endpoint from computations where job_id = any($1) and worker_endpoint is not null",
        [[...jobIds]],
      );
      return rows.map(({ workerEndpoint }) => workerEndpoint);
    },
  };
}
