import type { BacktestRequest, JobInput, JobOutcome } from "../domain/job.ts";
import { computeJob } from "./compute-job.ts";

/** One backtest of one trained model. */
export async function runBacktest(input: JobInput<BacktestRequest>): Promise<JobOutcome> {
  return await computeJob(input);
}
