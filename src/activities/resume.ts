/**
 * Lets a training whose worker died go on from its checkpoint instead of beginning anew. It stays the same operation of
 * KTRDR, which takes one resumption at a time (409 for a second), so asking again does no harm. A backtest is never
 * resumed: its figures would mix two scopes (contract §9.12).
 */
import { cancellationSignal } from "@temporalio/activity";
import { isDomainError, DomainError } from "../domain/errors.ts";
import type { ComputeRequest, JobInput, ResumePoint } from "../domain/job.ts";
import type { Operation } from "../domain/operation.ts";
import { holdsResult } from "../domain/verdict.ts";
import type { ComputationRecord } from "../store/job-row.ts";
import type { ActivityDeps } from "./deps.ts";
import { askApi } from "./evidence.ts";
import { sendWindow } from "./send-start.ts";

type Input = Pick<JobInput<ComputeRequest>, "jobId" | "request">;

interface Resuming {
  readonly deps: ActivityDeps;
  readonly jobId: string;
  readonly n: number;
  readonly operationId: string;
  /** How long a request may still take effect after it was sent. */
  readonly inFlightMs: number;
}

const LOOK_EVERY_MS = 1_000;

/**
 * @param computation the one to be started (not the first), as recorded.
 * @param mayStart throws when the training must not compute any more.
 * @returns the operation that computes on; null when a new one has to begin.
 * @throws DomainError `ktrdr_unavailable` or `ktrdr_no_worker` while it cannot be said or done.
 */
export async function resumeTraining(
  deps: ActivityDeps,
  { jobId, request }: Input,
  computation: ComputationRecord,
  inFlightMs: number,
  mayStart: () => Promise<void>,
): Promise<string | null> {
  if (request.kind !== "training" || computation.n === 1) return null;
  const operationId = await claimed(deps, computation);
  if (operationId === null) return null;
  const resuming = { deps, jobId, n: computation.n, operationId, inFlightMs };
  if ((await look(resuming)) === "computes") return operationId;
  await mayStart();
  if (await post(resuming)) return operationId;
  deps.log.warn({ jobId, operationId }, "KTRDR does not resume this training; it begins anew");
  await deps.jobs.detachResumed(jobId, computation.n);
  return null;
}

/** The operation to resume, written down before KTRDR is asked: whoever comes later knows what may compute. */
async function claimed({ jobs, ktrdr }: ActivityDeps, computation: ComputationRecord): Promise<string | null> {
  const { jobId, n } = computation;
  if (computation.operationId !== null) return computation.resumedFrom === null ? null : computation.operationId;
  // A new operation may have been started already.
  if (Date.parse(computation.postingAt) > 0) return null;
  const dead = (await jobs.computations(jobId)).find((one) => one.n === n - 1);
  // Where no worker can be asked, nobody would ever learn how a resumed operation ends.
  if (dead?.operationId == null || dead.workerEndpoint === null) return null;
  const resumedFrom = await checkpointOf(ktrdr, dead.operationId);
  if (resumedFrom === null) return null;
  const { operationId, workerId, workerEndpoint } = dead;
  await jobs.attachOperation(jobId, n, { operationId, workerId, workerEndpoint, resumedFrom });
  return operationId;
}

async function checkpointOf(ktrdr: ActivityDeps["ktrdr"], operationId: string): Promise<ResumePoint | null> {
  try {
    return (await ktrdr.checkpoints.get(operationId)).resumePoint;
  } catch (error) {
    if (isDomainError(error, "ktrdr_not_found", "ktrdr_bad_answer", "ktrdr_rejected")) return null;
    throw error;
  }
}

/** True when KTRDR computes it again, false when it certainly does not and will not. */
async function post(resuming: Resuming): Promise<boolean> {
  const { deps, jobId, n, operationId } = resuming;
  const { mark: seen } = await deps.jobs.posting(jobId, n);
  const beforeSend = sendWindow(deps.clock);
  const mark = await deps.jobs.markPosting(jobId, n, seen);
  try {
    const { epoch } = await deps.ktrdr.operations.resume(operationId, { beforeSend });
    deps.log.info({ jobId, operationId, epoch }, "KTRDR resumes the training");
    return true;
  } catch (error) {
    if (!isDomainError(error)) throw error;
    if (error.code === "ktrdr_start_ambiguous") return await appears(resuming);
    await deps.jobs.unmarkPosting(jobId, n, mark);
    if (error.retryable) throw error;
    // Refused because an earlier request was quicker, or for good.
    return (await look(resuming)) === "computes";
  }
}

/** Looks until a request that may have been sent can no longer take effect: only then may another computation begin. */
async function appears(resuming: Resuming): Promise<boolean> {
  const { deps, jobId, n, inFlightMs } = resuming;
  for (;;) {
    const { ageMs } = await deps.jobs.posting(jobId, n);
    if ((await look(resuming)) === "computes") return true;
    if (ageMs === null || ageMs > inFlightMs) return false;
    await deps.clock.sleep(LOOK_EVERY_MS, cancellationSignal());
  }
}

async function look({ deps, operationId }: Resuming): Promise<"computes" | "rests"> {
  const answer = await askApi(deps.ktrdr, operationId);
  if (answer.kind === "operation") return isTaken(answer.operation) ? "computes" : "rests";
  if (answer.kind === "not_found") return "rests";
  throw new DomainError("ktrdr_unavailable", { what: "KTRDR does not answer, so it is unknown what it runs." });
}

/** Before it is resumed, a dead operation is closed in KTRDR's books (await.ts): open means resumed. */
function isTaken({ status, result }: Operation): boolean {
  return (status !== "failed" && status !== "cancelled") || holdsResult("training", result);
}
