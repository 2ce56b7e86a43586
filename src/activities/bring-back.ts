/**
 * When a namespace is deleted, or lost with Temporal's database, the workflows of its jobs are gone. The record still
 * has the jobs: they are started again under the same ids, and go on with the computations on record.
 */
import type { JobRecord } from "../store/job-row.ts";
import type { ActivityDeps } from "./deps.ts";

/**
 * Starts a job again that is open on record and unknown to Temporal.
 * @returns false when this namespace lost only this workflow: then nobody works on the job, and it has to be settled
 */
export async function bringBack(deps: ActivityDeps, job: JobRecord): Promise<boolean> {
  const { executions, jobs, log } = deps;
  const { jobId, namespaceId, parentJobId } = job;
  if (namespaceId === null || namespaceId === (await executions.namespaceId())) return false;
  if (await executions.namespaceLives(namespaceId)) {
    log.error({ jobId, namespaceId }, "this job runs in another Temporal namespace: two must not share a database");
    return true;
  }
  // A batch starts its jobs itself, and an open batch is started again too. Without its batch nobody waits for the job.
  if (parentJobId !== null) return (await jobs.get(parentJobId))?.status === "open";
  const { request, requestHash, forceReason, priority, client } = job;
  const input = { jobId, request, requestHash, forceReason, parentJobId, priority, client };
  await executions.startAgain(input, await deps.experimentOf(jobId));
  log.warn({ jobId }, "started again from the record: its Temporal namespace is gone");
  return true;
}
