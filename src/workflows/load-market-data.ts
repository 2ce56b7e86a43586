import type { DataLoadRequest, JobInput, JobOutcome } from "../domain/job.ts";
import { computeJob } from "./compute-job.ts";

/** Fetches bars into KTRDR's data folder. */
export async function loadMarketData(input: JobInput<DataLoadRequest>): Promise<JobOutcome> {
  return await computeJob(input);
}
