import type { JobInput } from "../domain/job.ts";
import type { DataLoadRequest } from "../domain/kinds/data-load.ts";
import type { JobOutcome } from "../domain/outcome.ts";
import { computeJob } from "./compute-job.ts";

/** Fetches bars into KTRDR's data folder. */
export async function loadMarketData(input: JobInput<DataLoadRequest>): Promise<JobOutcome> {
  return await computeJob(input);
}
