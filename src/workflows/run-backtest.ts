import type { JobInput } from "../domain/job.ts";
import type { BacktestRequest } from "../domain/kinds/backtest.ts";
import type { JobOutcome } from "../domain/outcome.ts";
import { computeJob } from "./compute-job.ts";

/** One backtest of one trained model. */
export async function runBacktest(input: JobInput<BacktestRequest>): Promise<JobOutcome> {
  return await computeJob(input);
}
