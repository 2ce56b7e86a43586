/** What happened over a time, in numbers. */
import { z } from "zod";
import { ERROR_CODES } from "../domain/errors.ts";
import { JOB_KINDS } from "../domain/kinds/index.ts";
import { FINAL_STATUSES } from "../domain/outcome.ts";
import { SHOWN } from "./ledger.ts";
import { select, type Pool } from "./pool.ts";
import { isPart } from "./part.ts";

const EndedRow = z.object({ kind: z.enum(JOB_KINDS), status: z.enum(FINAL_STATUSES), jobs: z.number() });
/** How many jobs of a kind ended in one way. */
export type Ended = Readonly<z.infer<typeof EndedRow>>;

const FailureRow = z.object({
  code: z.enum(ERROR_CODES),
  jobs: z.number(),
  /** The newest of them. */
  jobId: z.string(),
  headline: z.string(),
});
/** How many jobs failed for one reason, and what was said of the newest. */
export type FailureCount = Readonly<z.infer<typeof FailureRow>>;

const SpentRow = z.object({
  /** Hours in which KTRDR's workers computed, those of two at once counted twice. */
  hours: z.number(),
  /** Backtests whose figures were shown for the first time. */
  trials: z.number(),
});
export type Spent = Readonly<z.infer<typeof SpentRow>>;

/** Moments are ISO-8601 UTC. Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface Overview {
  /** Jobs that ended after a moment. Prefixes and windows, which only measure, are left out. */
  ended(since: string): Promise<readonly Ended[]>;
  /** Why jobs failed after a moment, the most frequent reason first. */
  failures(since: string): Promise<readonly FailureCount[]>;
  spent(since: string): Promise<Spent>;
}

const NO_PART = `not (kind = 'backtest' and ${isPart("request")})`;

const ENDED = `
  select kind, status, count(*)::integer as jobs from jobs
  where finished_at > $1 and ${NO_PART} group by kind, status order by kind, status`;

const FAILURES = `
  select code, count(*)::integer as jobs, (array_agg(job_id order by finished_at desc))[1] as job_id,
    (array_agg(headline order by finished_at desc))[1] as headline
  from (select job_id, finished_at, outcome #>> '{failure,code}' as code, outcome ->> 'headline' as headline from jobs
    where finished_at > $1 and status = 'failed' and ${NO_PART}) failed
  where code is not null group by code order by count(*) desc, code`;

/** A computation ends with its job at the latest. Lines are looked up for each job, since there are many more of them. */
const SPENT = `
  select
    (select coalesce(sum(greatest(0, extract(epoch from
        coalesce(ended_at, now()) - greatest(started_at, $1::timestamptz)))), 0)::float8 / 3600
      from computations where started_at is not null and (ended_at is null or ended_at > $1)) as hours,
    (select count(*)::integer from (select distinct line.run, line.sharpe
      from jobs j cross join lateral (select run, sharpe from trial_events t
        where t.job_id = j.job_id and ${SHOWN} and kind = 'trial' limit 1) line
      where j.finished_at > $1 and j.kind in ('backtest', 'walk_forward')) looks) as trials`;

export function createOverview(pool: Pool): Overview {
  return {
    ended: (since) => select(pool, EndedRow, ENDED, [since]),
    failures: (since) => select(pool, FailureRow, FAILURES, [since]),
    async spent(since) {
      const [spent] = await select(pool, SpentRow, SPENT, [since]);
      return spent ?? { hours: 0, trials: 0 };
    },
  };
}
