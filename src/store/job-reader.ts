import { z } from "zod";
import { kindOf, type JobKind } from "../domain/kinds/index.ts";
import {
  ComputationRow,
  JOB_COLUMNS,
  JobRow,
  SeenRow,
  type ComputationRecord,
  type JobRecord,
  type SeenJob,
} from "./job-row.ts";
import { select, type Pool } from "./pool.ts";
import { isPart } from "./part.ts";

export interface JobFilter {
  readonly status?: JobRecord["status"];
  readonly kind?: JobKind;
  readonly strategy?: string;
  /** Leaves out the backtests by which another one is measured, and the jobs of campaigns, unless of this strategy. */
  readonly withoutParts?: boolean;
  /** Rows at most, 1..500. Default 20. */
  readonly limit?: number;
  /** Only jobs admitted before this job (the last one of the page before). */
  readonly before?: string;
}

/** Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface JobReader {
  get(jobId: string): Promise<JobRecord | null>;
  /** A job and when its newest computation began, in one statement, because statuses are asked for often. */
  seen(jobId: string): Promise<SeenJob | null>;
  /** Newest first. */
  list(filter?: JobFilter): Promise<JobRecord[]>;
  /** Oldest first. */
  computations(jobId: string): Promise<ComputationRecord[]>;
  /** The newest job that the operation of KTRDR computed for; null when it is not ours. */
  ownerOf(operationId: string): Promise<string | null>;
  /** The strategy text that the job was started with; null when it has none, or it is not known. */
  strategyText(jobId: string): Promise<string | null>;
}

/** SQL: whether a job is one of a campaign, or of a walk-forward or measurement of its finalists. */
const OF_CAMPAIGN = `parent_job_id is not null and (parent_job_id like '${kindOf("campaign").prefix}-%' or exists (
  select from jobs p where p.job_id = jobs.parent_job_id and p.parent_job_id like '${kindOf("campaign").prefix}-%'))`;

export function createJobReader(pool: Pool): JobReader {
  const jobs = (rest: string, values: readonly unknown[]) =>
    select(pool, JobRow, `select ${JOB_COLUMNS} from jobs ${rest}`, values);
  return {
    async get(jobId) {
      const [job] = await jobs("where job_id = $1", [jobId]);
      return job ?? null;
    },

    async seen(jobId) {
      const [found] = await select(
        pool,
        SeenRow,
        `select ${JOB_COLUMNS}, (select started_at from computations c where c.job_id = jobs.job_id order by n desc limit 1)
           as computing_since,
           exists (select from computations c where c.job_id = jobs.job_id) as begun
         from jobs where job_id = $1`,
        [jobId],
      );
      return found ?? null;
    },

    list(filter = {}) {
      return jobs(
        `where ($1::text is null or status = $1) and ($2::text is null or kind = $2)
           and ($3::text is null or strategy = $3)
           and not ($6 and kind = 'backtest' and ${isPart("request")})
           and ($3::text is not null or not ($6 and ${OF_CAMPAIGN}))
           and ($4::text is null or (admitted_at, job_id) < (select admitted_at, job_id from jobs where job_id = $4))
         order by admitted_at desc, job_id desc limit $5`,
        [
          filter.status ?? null,
          filter.kind ?? null,
          filter.strategy ?? null,
          filter.before ?? null,
          pageSize(filter.limit),
          filter.withoutParts ?? false,
        ],
      );
    },

    computations(jobId) {
      return select(pool, ComputationRow, "select * from computations where job_id = $1 order by n", [jobId]);
    },

    ownerOf: async (operationId) => await ownerOf(pool, operationId),

    async strategyText(jobId) {
      const row = z.object({ strategyText: z.string().nullable() });
      const [job] = await select(pool, row, "select strategy_text from jobs where job_id = $1", [jobId]);
      return job?.strategyText ?? null;
    },
  };
}

async function ownerOf(pool: Pool, operationId: string): Promise<string | null> {
  const newest = "select job_id from computations where operation_id = $1 order by started_at desc, job_id limit 1";
  const [owner] = await select(pool, z.object({ jobId: z.string() }), newest, [operationId]);
  return owner?.jobId ?? null;
}

/** Rows of a page, limited to 1..500. */
export const pageSize = (limit = 20): number => Math.min(500, Math.max(1, Math.trunc(limit)));
