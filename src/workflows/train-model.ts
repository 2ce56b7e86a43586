import type { JobInput, JobOutcome, TrainingRequest } from "../domain/job.ts";
import { computeJob } from "./compute-job.ts";

/** One training: one random draw of a model (contract §10.1). */
export async function trainModel(input: JobInput<TrainingRequest>): Promise<JobOutcome> {
  return await computeJob(input);
}
