import { DomainError } from "../domain/errors.ts";
import type { PartialResult, ResumePoint } from "../domain/outcome.ts";
import { codeOf } from "./database-error.ts";
import { ComputationRow, type ComputationRecord } from "./job-row.ts";
import { createPostingWriter, lockedStatus, mustNotStart, notBegun, type PostingWriter } from "./posting-writer.ts";
import { toJsonb } from "./json.ts";
import { run, select, withTransaction, type Pool, type Session } from "./pool.ts";

export interface StartedOperation {
  readonly operationId: string;
  readonly workerId?: string | null;
  readonly workerEndpoint?: string | null;
  /** Set when the operation is resumed: it belonged to an earlier computation, of this job or another. */
  readonly resumedFrom?: ResumePoint | null;
}

/** The part of the record that makes a start happen exactly once. Every method may be repeated. */
export interface ComputationWriter extends PostingWriter {
  /**
   * Writes the intent to start computation `n` (1-based) of a job. Call it before KTRDR is asked to start, and only
   * when the computations before are dead: it ends them, and they no longer own their operations.
   * @param knownOperations ids of the operations that KTRDR shows now
   * @returns the computation; one that existed before keeps its time, its known operations and its operation
   * @throws DomainError `task_not_found` for an unknown job, `task_conflict` for a new computation of an ended job
   */
  beginComputation(jobId: string, n: number, knownOperations: readonly string[]): Promise<ComputationRecord>;
  /**
   * Records which operation of KTRDR belongs to the computation. Facts about the worker are added, never erased.
   * @throws DomainError `task_not_found` when it was not begun; `task_conflict` when it has another operation, when the
   *   operation belongs to another computation, or when an ended computation is to resume it
   */
  attachOperation(jobId: string, n: number, operation: StartedOperation): Promise<ComputationRecord>;
  /** Removes the operation that the computation was to resume: KTRDR refused, so it has to begin anew. */
  detachResumed(jobId: string, n: number): Promise<void>;
  /** Keeps the farthest progress that was seen. */
  noteSeen(jobId: string, n: number, seen: PartialResult): Promise<void>;
  /**
   * Records how the computation ended. The first fate stays.
   * @throws DomainError `task_not_found` when it was not begun.
   */
  endComputation(jobId: string, n: number, fate: string): Promise<ComputationRecord>;
}

export function createComputationWriter(pool: Pool): ComputationWriter {
  return {
    ...createPostingWriter(pool),

    beginComputation(jobId, n, knownOperations) {
      return withTransaction(pool, async (session) => {
        const status = await lockedStatus(session, jobId);
        if (status === "open") {
          await run(
            session,
            "insert into computations (job_id, n, known_operations, posting_at) values ($1, $2, $3, 'epoch') on conflict (job_id, n) do nothing",
            [jobId, n, [...knownOperations]],
          );
          await run(
            session,
            "update computations set ended_at = now(), fate = 'lost' where job_id = $1 and n < $2 and ended_at is null",
            [jobId, n],
          );
        }
        const computation = await find(session, jobId, n);
        if (computation !== undefined) return computation;
        throw mustNotStart(jobId, n, status);
      });
    },

    attachOperation: (jobId, n, operation) => attach(pool, jobId, n, operation),

    async detachResumed(jobId, n) {
      await run(
        pool,
        `update computations set operation_id = null, started_at = null, worker_id = null, worker_endpoint = null,
           resumed_from = null, posting_at = 'epoch'
         where job_id = $1 and n = $2 and resumed_from is not null and ended_at is null`,
        [jobId, n],
      );
    },

    async noteSeen(jobId, n, seen) {
      await run(
        pool,
        `update computations set last_seen = $3 where job_id = $1 and n = $2 and ended_at is null
           and coalesce((last_seen ->> 'percent')::float8, -1) < ($3::jsonb ->> 'percent')::float8`,
        [jobId, n, toJsonb(seen)],
      );
    },

    async endComputation(jobId, n, fate) {
      await run(
        pool,
        "update computations set ended_at = now(), fate = $3 where job_id = $1 and n = $2 and ended_at is null",
        [jobId, n, fate],
      );
      return mustFind(pool, jobId, n);
    },
  };
}

async function attach(
  pool: Pool,
  jobId: string,
  n: number,
  { operationId, workerId = null, workerEndpoint = null, resumedFrom = null }: StartedOperation,
): Promise<ComputationRecord> {
  try {
    const [attached] = await select(
      pool,
      ComputationRow,
      `update computations set operation_id = $3, started_at = coalesce(started_at, now()),
         worker_id = coalesce($4, worker_id), worker_endpoint = coalesce($5, worker_endpoint),
         resumed_from = coalesce(resumed_from, $6)
       where job_id = $1 and n = $2 and (operation_id is null or operation_id = $3)
         and ($6::jsonb is null or ended_at is null) returning *`,
      [jobId, n, operationId, workerId, workerEndpoint, resumedFrom === null ? null : toJsonb(resumedFrom)],
    );
    if (attached !== undefined) return attached;
  } catch (error) {
    if (error instanceof DomainError && codeOf(error.cause) === "23505") {
      throw refused({ jobId, n, operationId }, "The operation belongs to another computation.", error);
    }
    throw error;
  }
  const { operationId: other, fate } = await mustFind(pool, jobId, n);
  const why = other === null || other === operationId ? `has ended (${fate})` : `already is operation ${other}`;
  throw refused({ jobId, n, operationId }, `The computation ${why}.`);
}

async function find(session: Session, jobId: string, n: number): Promise<ComputationRecord | undefined> {
  const rows = await select(session, ComputationRow, "select * from computations where job_id = $1 and n = $2", [
    jobId,
    n,
  ]);
  return rows[0];
}

async function mustFind(session: Session, jobId: string, n: number): Promise<ComputationRecord> {
  const computation = await find(session, jobId, n);
  if (computation !== undefined) return computation;
  throw notBegun(jobId, n);
}

const refused = (of: { jobId: string; n: number; operationId: string }, why: string, cause?: unknown) =>
  new DomainError("task_conflict", {
    what: `Operation ${of.operationId} cannot become computation ${of.n} of job ${of.jobId}.`,
    why,
    cause,
  });
