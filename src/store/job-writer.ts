import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import type { JobInput } from "../domain/job.ts";
import { JobOutcome } from "../domain/outcome.ts";
import { JobResult, type JobRequest } from "../domain/kinds/index.ts";
import { isTried, refusedTrial } from "../domain/luck/trial-limit.ts";
import { Engine } from "../domain/result.ts";
import { createComputationWriter, type ComputationWriter } from "./computation-writer.ts";
import { JobRow, JOB_COLUMNS, type JobRecord } from "./job-row.ts";
import { toJsonb } from "./json.ts";
import { run, select, withTransaction, type Pool, type Session } from "./pool.ts";
import { insertResult } from "./result-writer.ts";

/**
 * Writes the record of jobs, and the ledger of trials with it: no backtest is on record without its line. Every method may
 * be repeated, also concurrently, with the same effect as once.
 * All throw DomainError `database_unavailable` when PostgreSQL does not answer.
 */
export interface JobWriter extends ComputationWriter {
  /**
   * Records that a job exists, before anything is computed.
   * @param strategyText the YAML the job computes with; null when it has none
   * @param namespaceId id of the Temporal namespace of the job's workflow; null when not known
   * @returns the outcome when the job has already ended.
   * @throws DomainError `task_conflict` when the id belongs to another request, or the request to another id
   */
  admit(input: JobInput, strategyText: string | null, namespaceId?: string | null): Promise<JobOutcome | null>;
  /**
   * Records how a job ended, with its result and (for a training) its model, all or nothing. The first outcome stays
   * for ever.
   * @param result null for a job that has none
   * @returns the outcome on record, which differs from the given one when there was one before
   * @throws DomainError `task_not_found` when the job was never admitted, `internal` when the outcome or the result
   *   cannot be stored
   */
  finish(jobId: string, outcome: JobOutcome, result: JobResult | null, engine: Engine | null): Promise<JobOutcome>;
}

export function createJobWriter(pool: Pool): JobWriter {
  return {
    ...createComputationWriter(pool),

    async admit(input, strategyText, namespaceId = null) {
      const given = [input, strategyText, namespaceId] as const;
      const { request } = input;
      if (isTried(request)) await insertTrial(pool, request.symbol, ...given);
      else await insertJob(pool, ...given);
      const [job] = await select(
        pool,
        JobRow,
        // The row with the id comes first; one with the same request counts only when the id is free.
        `select ${JOB_COLUMNS} from jobs where job_id = $1 or request_hash = $2 order by (job_id = $1) desc limit 1`,
        [input.jobId, input.requestHash],
      );
      if (job?.jobId !== input.jobId || job.requestHash !== input.requestHash) throw conflict(input, job);
      if (job.outcome === null && namespaceId !== null && job.namespaceId !== namespaceId) {
        await run(pool, "update jobs set namespace_id = $2 where job_id = $1", [job.jobId, namespaceId]);
      }
      return job.outcome;
    },

    finish(jobId, outcome, result, engine) {
      return withTransaction(pool, async (session) => await end(session, jobId, outcome, result, engine));
    },
  };
}

async function end(
  session: Session,
  jobId: string,
  outcome: JobOutcome,
  result: JobResult | null,
  engine: Engine | null,
): Promise<JobOutcome> {
  const ending = storable(jobId, outcome, result, engine);
  const closed = await run(
    session,
    `update jobs set status = $2, outcome = $3, engine = $4, finished_at = now()
           where job_id = $1 and status = 'open' returning job_id`,
    [jobId, ending.outcome.status, toJsonb(ending.outcome), engine === null ? null : toJsonb(engine)],
  );
  if (closed.length === 0) return await standingOutcome(session, jobId);
  // Ends open computations: they no longer own their operations, and another job may resume those.
  await run(session, "update computations set ended_at = now(), fate = $2 where job_id = $1 and ended_at is null", [
    jobId,
    ending.outcome.status,
  ]);
  if (ending.result !== null) await insertResult(session, jobId, ending.outcome.status, ending.result);
  await run(session, ENDED_TRIAL, [jobId]);
  await run(session, "select end_look($1)", [jobId]);
  return ending.outcome;
}

const ENDED_TRIAL = `select append_trial_event(trial_event_of(j.job_id, j.status, j.request, j.client, r.result))
  from jobs j left join results r using (job_id) where j.job_id = $1 and j.kind in ('backtest', 'walk_forward')`;

/** A trial that passes the operator's limit has ended, when it is on record. */
async function insertTrial(pool: Pool, symbol: string, ...job: NewJob): Promise<void> {
  await withTransaction(pool, async (session) => {
    const [row] = await insertJob(session, ...job);
    const left = z.coerce.number().nullish().parse(row?.["left"]);
    const [{ jobId }] = job;
    if (left != null && left < 0) await end(session, jobId, refusedTrial(jobId, symbol), null, null);
  });
}

type NewJob = readonly [input: JobInput<JobRequest>, strategyText: string | null, namespaceId: string | null];

function insertJob(session: Session, ...[input, strategyText, namespaceId]: NewJob) {
  return run(
    session,
    `with job as (insert into jobs
       (job_id, kind, request, request_hash, force_reason, parent_job_id, strategy_text, client, priority, namespace_id)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing returning *)
     select case kind when 'holdout' then begin_look(job_id, request, client)
         else begin_trial(trial_event_of(job_id, status, request, client, null)) end as "left"
       from job where kind in ('backtest', 'walk_forward', 'holdout')`,
    [
      input.jobId,
      input.request.kind,
      toJsonb(input.request),
      input.requestHash,
      input.forceReason,
      input.parentJobId,
      strategyText,
      input.client,
      input.priority,
      namespaceId,
    ],
  );
}

async function standingOutcome(session: Session, jobId: string): Promise<JobOutcome> {
  const row = z.object({ outcome: JobOutcome });
  const [job] = await select(session, row, "select outcome from jobs where job_id = $1", [jobId]);
  if (job !== undefined) return job.outcome;
  throw new DomainError("task_not_found", {
    what: `There is no record of job ${jobId}.`,
    why: "A job is recorded when it is admitted, before it can end.",
  });
}

/** Checks before writing what could not be read again later. */
function storable(jobId: string, outcome: JobOutcome, result: JobResult | null, engine: Engine | null) {
  const parsed = z
    .object({
      outcome: JobOutcome.refine((given) => given.jobId === jobId, `belongs to another job than ${jobId}`),
      result: JobResult.nullable(),
      engine: Engine.nullable(),
    })
    .safeParse({ outcome, result, engine });
  if (parsed.success) return parsed.data;
  throw new DomainError("internal", {
    what: `The ending of job ${jobId} cannot be recorded.`,
    why: z.prettifyError(parsed.error),
  });
}

function conflict(input: JobInput, existing: JobRecord | undefined): DomainError {
  return new DomainError("task_conflict", {
    what: `The job ${input.jobId} cannot be recorded.`,
    why:
      existing?.jobId === input.jobId
        ? "The id already belongs to a job with another request."
        : `The same request is already recorded as job ${existing?.jobId ?? "(gone)"}.`,
    ...(existing === undefined ? {} : { next: `Read job ${existing.jobId} with get_task_status.` }),
  });
}
