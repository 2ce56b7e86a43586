/** The finalists of a campaign, as jobs that other tools take. */
import { standingOf } from "../../domain/campaign/standing.ts";
import type { JobRecord } from "../../store/job-row.ts";
import type { Deps } from "../ports.ts";

interface FinalistJobs {
  readonly strategy: string;
  /** The backtest of the draw in the middle, and the training of its model. */
  readonly backtest: string;
  readonly training: string | null;
}

/** The best first; none while nothing was backtested. @returns null for a job that is no campaign */
export async function finalistsOf({ records }: Deps, job: JobRecord | null): Promise<readonly FinalistJobs[] | null> {
  if (job?.request.kind !== "campaign") return null;
  const { jobId, request } = job;
  const record = await records.campaigns.record(jobId);
  return standingOf({ ...record, jobId, request }).finalists.map(({ strategy, jobId: backtest }) => {
    const tested = record.runs.find((run) => run.jobId === backtest)?.request;
    return { strategy, backtest, training: tested?.kind === "backtest" ? tested.trainingJobId : null };
  });
}

/** What may be called with instead of a campaign, e.g. `backtest-x (spx_c1b2c3d_p7)`; nothing before anything was tested. */
export async function insteadOfCampaign(
  deps: Deps,
  job: JobRecord,
  taken: "backtest" | "training",
): Promise<readonly string[]> {
  const finalists = (await finalistsOf(deps, job)) ?? [];
  return finalists.flatMap(({ strategy, [taken]: jobId }) => (jobId === null ? [] : [`${jobId} (${strategy})`]));
}
