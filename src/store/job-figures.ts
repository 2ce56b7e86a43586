import { z } from "zod";
import type { RecordFigures } from "../domain/record-figures.ts";
import { succeeds } from "../succeeds.ts";
import { aheadOfDatabase } from "./clocks.ts";
import { select, type Pool } from "./pool.ts";
import { assertUp } from "./try-writing.ts";
import { waitingKinds } from "./waiting-kinds.ts";

/** What an open job does. Between two steps a job counts as queued for a moment. */
export const OPEN_STATES = ["queued", "computing", "waiting_for_jobs"] as const;

const Open = z.object({ kind: z.string(), state: z.enum(OPEN_STATES), jobs: z.number(), oldestSeconds: z.number() });
const Finished = z.object({ kind: z.string(), status: z.string(), jobs: z.number() });
const Computed = z.object({
  kind: z.string(),
  starts: z.number(),
  waitedSeconds: z.number(),
  computedSeconds: z.number(),
});
const Backup = z.object({ ageSeconds: z.number().nullable() });
const Fault = z.object({ fault: z.string(), jobs: z.number() });

const OPEN = `
  select kind, state, count(*)::float8 as jobs,
    greatest(0, extract(epoch from now() - min(since)))::float8 as "oldestSeconds"
  from (
    select j.kind,
      case when j.kind in (${waitingKinds}) then 'waiting_for_jobs'
        when bool_or(c.operation_id is not null and c.ended_at is null) then 'computing'
        else 'queued' end as state,
      coalesce(max(c.ended_at), j.admitted_at) as since
    from jobs j left join computations c using (job_id) where j.status = 'open' group by j.job_id
  ) job group by kind, state`;

const FINISHED = `
  select kind, status, count(*)::float8 as jobs from jobs where status <> 'open' group by kind, status`;

/** A computation whose end nobody saw counts until the end of its job. */
const COMPUTED = `
  select j.kind, (count(*) filter (where c.n = 1))::float8 as starts,
    coalesce(sum(greatest(0, extract(epoch from c.started_at - j.admitted_at))) filter (where c.n = 1), 0)::float8
      as "waitedSeconds",
    sum(greatest(0, extract(epoch from coalesce(c.ended_at, j.finished_at, now()) - c.started_at)))::float8
      as "computedSeconds"
  from computations c join jobs j using (job_id) where c.started_at is not null group by j.kind`;

const FAULTS = `
  select fault, count(distinct job_id)::float8 as jobs
  from jobs, jsonb_array_elements_text(outcome -> 'faultsSeen') as fault where status <> 'open' group by fault`;

const BACKUP = `select extract(epoch from now() - max(taken_at))::float8 as "ageSeconds" from backups`;

/**
 * Sums over all jobs that were ever recorded, for monitoring.
 * @throws DomainError `database_unavailable`
 */
export async function jobFigures(pool: Pool): Promise<RecordFigures> {
  const [writable, open, finished, computed, faults, [backup], aheadMs] = await Promise.all([
    succeeds(assertUp(pool)),
    select(pool, Open, OPEN),
    select(pool, Finished, FINISHED),
    select(pool, Computed, COMPUTED),
    select(pool, Fault, FAULTS),
    select(pool, Backup, BACKUP),
    aheadOfDatabase(pool),
  ]);
  return {
    writable,
    clockAheadSeconds: aheadMs / 1_000,
    backupAgeSeconds: backup?.ageSeconds ?? null,
    open,
    finished,
    computed,
    faults,
  };
}
