/** A campaign as it is looked at: all of its record, and how it stands by it. */
import { finalPoints } from "../../domain/campaign/finals.ts";
import { standingOf, type Standing } from "../../domain/campaign/standing.ts";
import type { CampaignRecord } from "../../domain/campaign/state.ts";
import type { CampaignRequest, CampaignResult } from "../../domain/kinds/campaign.ts";
import type { JobRecord } from "../../store/job-row.ts";
import type { Deps } from "../ports.ts";

export interface SeenCampaign {
  readonly job: JobRecord;
  readonly request: CampaignRequest;
  readonly record: CampaignRecord;
  /** Null unless it completed. */
  readonly result: CampaignResult | null;
  readonly standing: Standing;
  /** How many points were chosen to be backtested. */
  readonly chosen: number;
}

/**
 * Null for a job that is no campaign, or not on record.
 * @throws DomainError `database_unavailable`
 */
export async function seenCampaign(deps: Deps, jobId: string): Promise<SeenCampaign | null> {
  const { jobs, results, campaigns } = deps.records;
  const job = await jobs.get(jobId);
  if (job?.request.kind !== "campaign") return null;
  const { request } = job;
  const [result, record] = await Promise.all([results.get(jobId), campaigns.record(jobId)]);
  const told = result?.kind === "campaign" ? result : null;
  const standing = told ?? standingOf({ ...record, jobId, request });
  return { job, request, record, result: told, standing, chosen: finalPoints(record).length };
}
