import type { JobInput } from "../domain/job.ts";
import type { JobOutcome } from "../domain/outcome.ts";
import type { TrainingRequest } from "../domain/kinds/training.ts";
import { computeJob } from "./compute-job.ts";

/** One training: one random draw of a model (docs/ktrdr.md §10.1). */
export async function trainModel(input: JobInput<TrainingRequest>): Promise<JobOutcome> {
  return await computeJob(input);
}
