import { MOST_ITEMS } from "../../domain/batch.ts";
import { DomainError } from "../../domain/errors.ts";
import type { JobRecord } from "../../store/job-row.ts";
import type { Deps } from "../ports.ts";

/** The finished runs of a batch, of one kind and in order. */
export interface Members {
  readonly jobIds: readonly string[];
  /** True when runs have not ended, or were not begun while the batch is open. */
  readonly open: boolean;
}

/**
 * The finished runs of a batch, or the backtests of a campaign's finalists, which it stands for wherever runs are taken.
 * @param kind null for the last stage of its items
 * @returns null for a job that is neither, and for the trainings of a campaign: nobody wants all of them
 * @throws DomainError `task_not_finished`, `invalid_input` when no run has finished
 */
export async function membersOf(
  { records }: Deps,
  job: JobRecord | null,
  kind: "training" | "backtest" | null,
): Promise<Members | null> {
  const request = job?.request;
  if (job !== null && request?.kind === "campaign" && kind !== "training") return await testedOf(records, job);
  if (job === null || request?.kind !== "batch") return null;
  const wanted = kind ?? (request.work === "train" ? "training" : "backtest");
  return membersIn(job, await itemsOf(records, job.jobId, wanted), wanted);
}

/** All draws of all finalists. */
async function testedOf({ campaigns }: Deps["records"], job: JobRecord): Promise<Members> {
  const { runs } = await campaigns.record(job.jobId);
  const done = runs.flatMap(({ role, jobId, figures }) =>
    role === "test" && jobId !== null && figures !== null ? [jobId] : [],
  );
  return membersIn(job, [...new Set(done)], "backtest");
}

/** @throws DomainError `task_not_finished`, `invalid_input` when there are none */
function membersIn(job: JobRecord, jobIds: readonly string[], wanted: "training" | "backtest"): Members {
  if (jobIds.length > 0) return { jobIds, open: job.status === "open" };
  if (job.status !== "open") {
    throw new DomainError("invalid_input", {
      what: `${job.jobId} has no finished ${wanted}.`,
      next: `get_results with task_id ${job.jobId} shows what it has`,
    });
  }
  throw new DomainError("task_not_finished", {
    what: `No ${wanted} of ${job.jobId} has finished yet.`,
    next: `get_task_status with task_id ${job.jobId} and wait_seconds 45, then call again`,
  });
}

async function itemsOf({ batches }: Deps["records"], batchId: string, kind: "training" | "backtest") {
  const rows = await batches.rows(batchId, { limit: MOST_ITEMS, offset: 0 });
  const done = rows
    .toSorted((a, b) => a.n - b.n)
    .flatMap((row) => {
      const [id, status] =
        kind === "training" ? [row.trainingJobId, row.trainingStatus] : [row.backtestJobId, row.backtestStatus];
      return id !== null && status === "completed" ? [id] : [];
    });
  return [...new Set(done)];
}
