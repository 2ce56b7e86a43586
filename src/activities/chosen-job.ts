/** Which job computes a part of a batch or a campaign. */
import type { JobInput } from "../domain/job.ts";
import { kindOf, type JobRequest } from "../domain/kinds/index.ts";
import type { JobOutcome } from "../domain/outcome.ts";
import type { JobRecord } from "../store/job-row.ts";
import type { ActivityDeps } from "./deps.ts";

export interface PreparedJob {
  /** What its workflow is started with when it does not run yet. */
  readonly input: JobInput;
  /** Type of that workflow. */
  readonly workflow: string;
  /** How the job ended; null when it has not. */
  readonly finished: JobOutcome | null;
  /** What operators see of the job in Temporal. */
  readonly labels: ReturnType<ActivityDeps["labelsOf"]>;
}

/** What a chosen job is a part of; without an id it is a part of nothing. */
type Whole = Pick<JobInput, "client" | "settings" | "priority"> & { readonly jobId: string | null };

interface Choice {
  /** Why it must be computed anew; null when an earlier job will do. */
  readonly wanted: string | null;
  /** Why a job of somebody else that did not fail cannot be taken; null when it can. */
  readonly doubtOf?: (known: JobRecord) => Promise<string | null>;
}

/**
 * The job for a request: an earlier one that runs or has completed, else a new one. One that failed or was cancelled
 * before `whole` is computed again, under an id that later ones find.
 * @param whole the job that it becomes a part of
 */
export async function chosenJob(
  { jobs, identify, labelsOf }: Pick<ActivityDeps, "jobs" | "identify" | "labelsOf">,
  whole: Whole,
  request: JobRequest,
  { wanted, doubtOf = async () => null }: Choice,
): Promise<PreparedJob & { readonly reused: boolean }> {
  for (let forceReason = wanted; ;) {
    const { jobId, requestHash } = identify(request, forceReason);
    const known = await jobs.get(jobId);
    const foreign = known !== null && known.parentJobId !== whole.jobId;
    const doubt = foreign ? (endedBadly(known) ?? (await doubtOf(known))) : null;
    if (doubt === null) {
      const job = { jobId, requestHash, forceReason, request, outcome: known?.outcome ?? null };
      return { ...preparedAs({ labelsOf }, whole, job), reused: foreign };
    }
    forceReason = doubt;
  }
}

/** This very job, as a part of `whole`. */
export function preparedAs(
  { labelsOf }: Pick<ActivityDeps, "labelsOf">,
  { jobId: parentJobId, client, settings, priority }: Whole,
  job: Pick<JobRecord, "jobId" | "requestHash" | "forceReason" | "request" | "outcome">,
): PreparedJob {
  const { outcome: finished, jobId, requestHash, forceReason, request } = job;
  const input = { jobId, requestHash, forceReason, parentJobId, priority, client, settings, request };
  return { input, workflow: kindOf(request.kind).workflow, finished, labels: labelsOf(input) };
}

const endedBadly = ({ jobId, status, outcome }: JobRecord): string | null =>
  outcome !== null && status !== "completed" ? `${jobId} ended as ${status}` : null;
