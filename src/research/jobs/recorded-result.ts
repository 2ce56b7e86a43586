import { DomainError } from "../../domain/errors.ts";
import type { JobResult } from "../../domain/kinds/index.ts";
import type { JobRecord } from "../../store/job-row.ts";
import type { Deps, RecordsPort } from "../ports.ts";

export interface Recorded {
  readonly job: JobRecord;
  readonly result: JobResult;
}

/** @throws DomainError `task_not_found` */
export async function jobOnRecord({ jobs }: RecordsPort, jobId: string): Promise<JobRecord> {
  const job = await jobs.get(jobId);
  if (job !== null) return job;
  throw new DomainError("task_not_found", {
    what: `There is no job ${jobId} on record.`,
    next: "copy the task_id from list_tasks",
  });
}

/**
 * A job on record, with its result.
 * @throws DomainError `task_not_found`, `task_not_finished`
 */
export async function recordedResult({ records }: Deps, jobId: string): Promise<Recorded> {
  const [job, result] = await Promise.all([jobOnRecord(records, jobId), records.results.get(jobId)]);
  if (result !== null) return { job, result };
  throw new DomainError("task_not_finished", {
    what: `The job ${jobId} has no result: it is ${job.status}.`,
    next:
      job.status === "open"
        ? "get_task_status with wait_seconds 45 until final"
        : "get_task_status says whether it can go on; or start it again with force_new_reason",
  });
}
