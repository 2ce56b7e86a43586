import type { JobInput } from "../domain/job.ts";
import type { ComputeRequest } from "../domain/kinds/index.ts";
import { partialOf } from "../domain/partial.ts";
import type { Operation } from "../domain/operation.ts";
import type { JobReader } from "../store/job-reader.ts";
import type { ComputationRecord } from "../store/job-row.ts";
import type { ActivityDeps } from "./deps.ts";

/** The record of a job's computation `n` (1-based), or null when it was never begun. */
export async function computationOf(
  jobs: Pick<JobReader, "computations">,
  jobId: string,
  n: number,
): Promise<ComputationRecord | null> {
  const computations = await jobs.computations(jobId);
  return computations.find((computation) => computation.n === n) ?? null;
}

/** Writes down how far a computation is: KTRDR may tell nothing of it any more when it is stopped. */
export async function noteSeen(
  { jobs, log }: Pick<ActivityDeps, "jobs" | "log">,
  jobId: string,
  n: number,
  view: Operation | null,
): Promise<void> {
  const seen = partialOf(view);
  if (seen === null) return;
  await jobs
    .noteSeen(jobId, n, seen)
    .catch((error: unknown) => log.warn({ err: error }, "the progress of a computation was not written down"));
}

/** The `n`th computation of a job (1-based), by one operation of KTRDR. */
export interface ComputationOf<I = Pick<JobInput<ComputeRequest>, "jobId" | "request">> {
  readonly input: I;
  readonly n: number;
  readonly operationId: string;
}
