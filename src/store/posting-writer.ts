/** The mark that a start may have been sent. Whoever wrote it last may send; PostgreSQL's clock tells its age. */
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { Instant } from "./job-row.ts";
import { run, select, withTransaction, type Pool, type Session } from "./pool.ts";

const PostingRow = z.object({
  /** Changes each time it is written. */
  mark: Instant,
  /** Milliseconds since a start may have been sent, never negative; null when none was sent for certain. */
  ageMs: z.number().nullable(),
});

export type Posting = Readonly<z.infer<typeof PostingRow>>;

export interface PostingWriter {
  /** @throws DomainError `task_not_found` when the computation was not begun. */
  posting(jobId: string, n: number): Promise<Posting>;
  /**
   * Claims the start right before it is sent. For a while after that, its operation may appear.
   * @param seen the mark whose age decided that the start may be sent
   * @returns the new mark
   * @throws DomainError `task_not_found` when the computation was not begun, `task_conflict` when the job has ended,
   *   `ktrdr_start_ambiguous` when another attempt has claimed the start since
   */
  markPosting(jobId: string, n: number, seen: string): Promise<string>;
  /** Makes a start that may have been sent count as sent just now. */
  renewPosting(jobId: string, n: number): Promise<void>;
  /** Removes this mark, because KTRDR started nothing for certain. Leaves the mark of another attempt. */
  unmarkPosting(jobId: string, n: number, mark: string): Promise<void>;
}

/** Marks are read in milliseconds. Each is later than the last one, whatever the clock does: none comes twice. */
const NEXT_MARK = `greatest(date_trunc('milliseconds', clock_timestamp()),
  date_trunc('milliseconds', posting_at) + interval '1 millisecond')`;

const IS_MARK = "date_trunc('milliseconds', posting_at) = $3::timestamptz";

const MarkRow = z.object({ postingAt: Instant });

export function createPostingWriter(pool: Pool): PostingWriter {
  return {
    async posting(jobId, n) {
      const [row] = await select(
        pool,
        PostingRow,
        `select posting_at as mark, case when posting_at > 'epoch'
           then greatest(0, extract(epoch from clock_timestamp() - posting_at) * 1000)::float8 end as age_ms
         from computations where job_id = $1 and n = $2`,
        [jobId, n],
      );
      if (row === undefined) throw notBegun(jobId, n);
      return row;
    },

    markPosting(jobId, n, seen) {
      return withTransaction(pool, async (session) => {
        const status = await lockedStatus(session, jobId);
        if (status !== "open") throw mustNotStart(jobId, n, status);
        const [marked] = await select(
          session,
          MarkRow,
          `update computations set posting_at = ${NEXT_MARK} where job_id = $1 and n = $2 and ${IS_MARK}
           returning posting_at`,
          [jobId, n, seen],
        );
        if (marked !== undefined) return marked.postingAt;
        throw (await isBegun(session, jobId, n)) ? claimedElsewhere(jobId, n) : notBegun(jobId, n);
      });
    },

    async renewPosting(jobId, n) {
      await run(
        pool,
        `update computations set posting_at = ${NEXT_MARK} where job_id = $1 and n = $2 and posting_at > 'epoch'`,
        [jobId, n],
      );
    },

    async unmarkPosting(jobId, n, mark) {
      await run(pool, `update computations set posting_at = 'epoch' where job_id = $1 and n = $2 and ${IS_MARK}`, [
        jobId,
        n,
        mark,
      ]);
    },
  };
}

async function isBegun(session: Session, jobId: string, n: number): Promise<boolean> {
  const rows = await run(session, "select 1 from computations where job_id = $1 and n = $2", [jobId, n]);
  return rows.length > 0;
}

/** Locks the row against `finish` until the transaction ends: no computation begins while its job is being closed. */
export async function lockedStatus(session: Session, jobId: string): Promise<string> {
  const row = z.object({ status: z.string() });
  const [job] = await select(session, row, "select status from jobs where job_id = $1 for share", [jobId]);
  if (job !== undefined) return job.status;
  throw new DomainError("task_not_found", { what: `There is no record of job ${jobId}.` });
}

export const mustNotStart = (jobId: string, n: number, status: string) =>
  new DomainError("task_conflict", {
    what: `Computation ${n} of job ${jobId} must not start.`,
    why: `The job has ended (${status}).`,
  });

export const notBegun = (jobId: string, n: number) =>
  new DomainError("task_not_found", { what: `There is no record of computation ${n} of job ${jobId}.` });

const claimedElsewhere = (jobId: string, n: number) =>
  new DomainError("ktrdr_start_ambiguous", {
    what: `Another attempt is starting computation ${n} of job ${jobId}.`,
    why: "This attempt was stopped for so long that it was given up.",
  });
