/** Resuming a training that was stopped: which one may be, and what is said about it. */
import { trainAnew, resumePointOf } from "../../domain/resume-point.ts";
import { DomainError, isDomainError } from "../../domain/errors.ts";
import type { TrainingRequest } from "../../domain/kinds/training.ts";
import { holdsResult } from "../../domain/diagnosis.ts";
import type { ComputationRecord, JobRecord } from "../../store/job-row.ts";
import type { Deps } from "../ports.ts";
import { assertSameText } from "../strategies/preflight.ts";
import { jobOnRecord } from "./recorded-result.ts";

/** A status waits no longer than this for the offer to resume. */
const OFFER_MS = 5_000;

/**
 * The record and the request of a training.
 * @throws DomainError `task_not_found`, or `not_resumable` for any other job
 */
export async function trainingOnRecord({ records }: Deps, jobId: string): Promise<[JobRecord, TrainingRequest]> {
  const job = await jobOnRecord(records, jobId);
  if (job.request.kind === "training") return [job, job.request];
  const isOfMany = job.kind === "batch" || job.kind === "campaign";
  const parts = isOfMany ? "; list_tasks with kind training names its trainings" : "";
  throw refused(jobId, `it is a ${job.kind}; only a training keeps a checkpoint${parts}`);
}

/**
 * Checks that a training can go on from its checkpoint now.
 * @returns the 1-based epoch after which it would go on
 * @throws DomainError `not_resumable` with the reason, `strategy_changed`; `ktrdr_unavailable` when KTRDR cannot be
 *   asked
 */
export async function resumableAfter(deps: Deps, job: JobRecord, signal: AbortSignal): Promise<number> {
  const { jobId } = job;
  assertStopped(job);
  const computed = await lastComputed(deps, jobId);
  const successor = await successorOf(deps, jobId, computed.operationId);
  if (successor !== null)
    throw refused(jobId, `the job ${successor} went on from it`, `get_task_status of ${successor}`);
  await assertSameText(deps, job);
  const point = await checkpoint(deps, jobId, computed, signal);
  return point.epoch + 1;
}

/** The job that resumed this operation; null when none did. */
async function successorOf({ records }: Deps, jobId: string, operationId: string): Promise<string | null> {
  const owner = await records.jobs.ownerOf(operationId);
  return owner === jobId ? null : owner;
}

function assertStopped({ jobId, status }: JobRecord): void {
  if (status === "open") throw refused(jobId, "it has not ended", "get_task_status with wait_seconds 45 until final");
  if (status === "completed") throw refused(jobId, "it was trained to its end", "get_results with this task_id");
}

async function lastComputed({ records }: Deps, jobId: string): Promise<ComputationRecord & { operationId: string }> {
  const computed = (await records.jobs.computations(jobId)).findLast(({ operationId }) => operationId !== null);
  if (computed?.operationId == null) throw refused(jobId, "KTRDR never computed it");
  if (computed.workerEndpoint !== null) return { ...computed, operationId: computed.operationId };
  throw refused(
    jobId,
    "ktrdr-mcp never reached the worker of KTRDR that computed it, and nobody else can say how a resumed training ends",
  );
}

async function checkpoint(
  { ktrdr }: Deps,
  jobId: string,
  { operationId, resumedFrom }: ComputationRecord & { operationId: string },
  signal: AbortSignal,
) {
  try {
    const { status, result } = await ktrdr.operations.get(operationId, signal);
    if ((status !== "cancelled" && status !== "failed") || holdsResult("training", result)) {
      throw refused(jobId, `KTRDR calls its operation ${status}`);
    }
    const { reached } = await ktrdr.checkpoints.get(operationId, signal);
    const point = resumePointOf(reached, resumedFrom);
    if (point !== null) return point;
    throw refused(jobId, "its checkpoint does not tell of every epoch");
  } catch (error) {
    if (!isDomainError(error, "ktrdr_not_found")) throw error;
    throw refused(jobId, "KTRDR keeps no checkpoint of it: no epoch was finished, or the checkpoint was cleaned up");
  }
}

const refused = (jobId: string, why: string, next = trainAnew) =>
  new DomainError("not_resumable", { what: `The job ${jobId} cannot be resumed.`, why, next });

/**
 * Which call resumes a training that ended without a result. Null when it cannot be resumed, or when KTRDR cannot say
 * so now.
 */
export async function wayOn(deps: Deps, job: JobRecord): Promise<string | null> {
  if (job.kind !== "training" || job.status === "open" || job.status === "completed") return null;
  try {
    const { operationId } = await lastComputed(deps, job.jobId);
    const successor = await successorOf(deps, job.jobId, operationId);
    if (successor !== null) return `The job ${successor} went on from it: get_task_status tells of that one.`;
    const epoch = await resumableAfter(deps, job, AbortSignal.timeout(OFFER_MS));
    return `To go on after epoch ${epoch}, where its checkpoint is: train_model with resume_from "${job.jobId}".`;
  } catch (error) {
    if (isDomainError(error)) return null;
    throw error;
  }
}
