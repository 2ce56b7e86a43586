import type { JobReader } from "../store/job-reader.ts";
import type { ComputationRecord } from "../store/job-row.ts";

/** The record of a job's computation `n` (1-based), or null when it was never begun. */
export async function computationOf(
  jobs: Pick<JobReader, "computations">,
  jobId: string,
  n: number,
): Promise<ComputationRecord | null> {
  const computations = await jobs.computations(jobId);
  return computations.find((computation) => computation.n === n) ?? null;
}
