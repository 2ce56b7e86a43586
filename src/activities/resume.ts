/**
 * Lets a training go on from its checkpoint: when its worker died, or when `resume_from` asks for it. It stays the same
 * operation of KTRDR. KTRDR takes one resumption at a time (409 for a second), so asking again does no harm. A backtest
 * is never resumed: its figures would mix two scopes (docs/ktrdr.md §9.12).
 */
import { cancellationSignal } from "@temporalio/activity";
import { trainAnew, resumePointOf } from "../domain/resume-point.ts";
import { isDomainError, DomainError } from "../domain/errors.ts";
import type { JobInput } from "../domain/job.ts";
import type { ComputeRequest } from "../domain/kinds/index.ts";
import type { ResumePoint } from "../domain/outcome.ts";
import type { TrainingRequest } from "../domain/kinds/training.ts";
import type { Operation } from "../domain/operation.ts";
import { holdsResult } from "../domain/diagnosis.ts";
import type { ComputationRecord } from "../store/job-row.ts";
import type { ActivityDeps } from "./deps.ts";
import { askApi } from "./evidence.ts";
import { sendWindow } from "./send-window.ts";

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
 * @param computation the record of the computation that is to start
 * @param mayStart throws when the training must not compute any more
 * @returns the operation that computes on; null when a new one has to begin
 * @throws DomainError `ktrdr_unavailable` or `ktrdr_no_worker` while KTRDR cannot say or do it; `not_resumable` when
 *   `resume_from` asked for it and it is impossible, since nobody asked for a new training
 */
export async function resumeTraining(
  deps: ActivityDeps,
  { jobId, request }: Input,
  computation: ComputationRecord,
  inFlightMs: number,
  mayStart: () => Promise<void>,
): Promise<string | null> {
  if (request.kind !== "training" || (computation.n === 1 && request.resumeFrom === undefined)) return null;
  const operationId = await claimed(deps, request, computation);
  if (operationId === null) {
    if (request.resumeFrom === undefined) return null;
    throw notResumable(request.resumeFrom, "KTRDR holds no checkpoint of it from which every epoch is known");
  }
  const resuming = { deps, jobId, n: computation.n, operationId, inFlightMs };
  if ((await look(resuming)) === "computes") return operationId;
  await mayStart();
  const refusal = await post(resuming);
  if (refusal === null) return operationId;
  deps.log.warn({ jobId, operationId, refusal }, "KTRDR does not resume this training");
  await deps.jobs.detachResumed(jobId, computation.n);
  if (request.resumeFrom === undefined) return null;
  throw notResumable(request.resumeFrom, refusal);
}

const notResumable = (jobId: string, why: string) =>
  new DomainError("not_resumable", {
    what: `The training ${jobId} cannot go on from its checkpoint.`,
    why,
    next: trainAnew,
  });

/** The operation to resume. It is written down before KTRDR is asked, so that a later attempt knows what may compute. */
async function claimed(
  { jobs, ktrdr }: ActivityDeps,
  request: TrainingRequest,
  computation: ComputationRecord,
): Promise<string | null> {
  const { jobId, n } = computation;
  if (computation.operationId !== null) return computation.resumedFrom === null ? null : computation.operationId;
  // A new operation may have been started already.
  if (Date.parse(computation.postingAt) > 0) return null;
  const source = n === 1 ? request.resumeFrom : jobId;
  const before = source === undefined ? [] : await jobs.computations(source);
  const dead = before.findLast((one) => (n === 1 ? one.operationId !== null : one.n === n - 1));
  // Without a worker that can be asked, nobody would learn how a resumed operation ends.
  if (dead?.operationId == null || dead.workerEndpoint === null) return null;
  const owner = await jobs.ownerOf(dead.operationId);
  if (owner !== null && owner !== source)
    throw notResumable(String(source), `the job ${owner} went on from it meanwhile`);
  const resumedFrom = await checkpointOf(ktrdr, dead.operationId, dead.resumedFrom);
  if (resumedFrom === null) return null;
  const { operationId, workerId, workerEndpoint } = dead;
  await jobs.attachOperation(jobId, n, { operationId, workerId, workerEndpoint, resumedFrom });
  return operationId;
}

async function checkpointOf(
  ktrdr: ActivityDeps["ktrdr"],
  operationId: string,
  earlier: ResumePoint | null,
): Promise<ResumePoint | null> {
  try {
    return resumePointOf((await ktrdr.checkpoints.get(operationId)).reached, earlier);
  } catch (error) {
    if (isDomainError(error, "ktrdr_not_found", "ktrdr_bad_answer", "ktrdr_rejected")) return null;
    throw error;
  }
}

/** @returns null when KTRDR computes it again, else the reason why KTRDR does not and will not */
async function post(resuming: Resuming): Promise<string | null> {
  const { deps, jobId, n, operationId } = resuming;
  const { mark: seen } = await deps.jobs.posting(jobId, n);
  const beforeSend = sendWindow(deps.clock);
  const mark = await deps.jobs.markPosting(jobId, n, seen);
  try {
    const epoch = await deps.ktrdr.operations.resume(operationId, { beforeSend });
    deps.log.info({ jobId, operationId, epoch }, "KTRDR resumes the training");
    return null;
  } catch (error) {
    if (!isDomainError(error)) throw error;
    const { code, retryable, why = error.what } = error;
    if (code === "ktrdr_start_ambiguous") return (await appears(resuming)) ? null : why;
    await deps.jobs.unmarkPosting(jobId, n, mark);
    if (retryable) throw error;
    // Either an earlier request has resumed it already, or KTRDR refuses for good.
    return (await look(resuming)) === "computes" ? null : why;
  }
}

/** Looks until a request that may have been sent can take no effect any more. Only then may another computation begin. */
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

/** A dead operation is ended at KTRDR before it is resumed (await.ts), so an open one was resumed. */
function isTaken({ status, result }: Operation): boolean {
  return (status !== "failed" && status !== "cancelled") || holdsResult("training", result);
}
