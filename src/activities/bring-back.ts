/**
 * A namespace that was deleted, or lost with Temporal's database, took the workflows of its jobs along; the record did not
 * forget them. They are started again from it, under the same ids, and go on with the computations that are on record.
 */
import type { JobRecord } from "../store/job-row.ts";
import type { ActivityDeps } from "./deps.ts";

/**
 * To be asked about a job that is open on record and unknown to Temporal.
 * @returns false when this namespace had the job and lost only its workflow: then it is nobody's, and to be settled.
 */
export async function bringBack(deps: ActivityDeps, job: JobRecord): Promise<boolean> {
  const { executions, jobs, log } = deps;
  const { jobId, namespaceId, parentJobId } = job;
  if (namespaceId === null || namespaceId === (await executions.namespaceId())) return false;
  if (await executions.namespaceLives(namespaceId)) {
    log.error({ jobId, namespaceId }, "this job runs in another Temporal namespace: two must not share a database");
    return true;
  }
  // A job of a batch is started by its batch, which comes back as well; without one nobody waits for it.
  if (parentJobId !== null) return (await jobs.get(parentJobId))?.status === "open";
  const { request, requestHash, forceReason, priority, client } = job;
  const input = { jobId, request, requestHash, forceReason, parentJobId, priority, client };
  await executions.startAgain(input, await deps.experimentOf(jobId));
  log.warn({ jobId }, "started again from the record: its Temporal namespace is gone");
  return true;
}
