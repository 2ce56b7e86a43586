/**
 * Ends a job whose workflow is closed although its record is open. A terminated workflow runs no code, so this stops
 * its computing and closes its record.
 */
import { cancellationSignal } from "@temporalio/activity";
import type { StopReport } from "../domain/job.ts";
import { computes, kindOf, type JobKind } from "../domain/kinds/index.ts";
import type { JobFailure, JobOutcome } from "../domain/outcome.ts";
import type { JobRecord } from "../store/job-row.ts";
import type { Execution } from "../temporal/executions.ts";
import { bringBack } from "./bring-back.ts";
import type { ActivityDeps } from "./deps.ts";
import { workOf } from "./kinds/index.ts";
import { record } from "./record.ts";
import { findBegun } from "./start.ts";
import { stop } from "./stop.ts";

/** All of Temporal's services know of a changed namespace after ten seconds. */
const NAMESPACE_KNOWN_AFTER_MS = 12_000;

/** Harmless for a job that is open in Temporal, closed in the record, or unknown. */
export async function settle(deps: ActivityDeps, jobId: string): Promise<void> {
  const job = await deps.jobs.get(jobId);
  const execution = await deps.executions.of(jobId);
  if (job === null || job.status !== "open" || execution === "open") return;
  if (execution === "unknown" && ((await bringBack(deps, job)) || !(await staysUnknown(deps, job)))) return;
  if (!computes(job.request)) {
    await close(deps, job, abandoned(job, execution, [], null));
    return;
  }
  const input = { jobId, request: job.request };
  const computation = (await deps.jobs.computations(jobId)).at(-1);
  const operationId =
    computation === undefined ? null : (computation.operationId ?? (await findBegun(deps, input, computation)));
  if (computation === undefined || operationId === null) {
    await close(deps, job, abandoned(job, execution, [], null));
    await stopLateStart(deps, job);
    return;
  }
  // Stopping may take long; the job's start is over, so the keeper may begin the next one.
  await deps.slots.inUse(job.request.kind, jobId);
  const ended = await stop(deps, { input, n: computation.n, operationId }, `workflow ${execution}`);
  if (ended.stopped) {
    await deps.jobs.endComputation(jobId, computation.n, "terminated");
    await close(deps, job, abandoned(job, execution, [operationId], ended));
    return;
  }
  const ending = { status: "completed", summary: ended.summary } as const;
  await record(
    deps,
    { input, computation: computation.n, ending, faultsSeen: [], operationIds: [operationId], parentJobId: null },
    false,
  );
}

/**
 * While a namespace is being deleted, or its server loses its database, the workflows are gone before the name is. So a
 * workflow that looks deleted is looked up again once the server must know about the namespace.
 * @returns false when the workflow is there after all, or the job was started again
 */
async function staysUnknown(deps: ActivityDeps, job: JobRecord): Promise<boolean> {
  await deps.clock.sleep(NAMESPACE_KNOWN_AFTER_MS, cancellationSignal());
  return (await deps.executions.of(job.jobId)) === "unknown" && !(await bringBack(deps, job));
}

/** Stops a start that was sent right before the record was closed. A closed record refuses later ones (`markPosting`). */
async function stopLateStart(deps: ActivityDeps, { jobId, request }: JobRecord): Promise<void> {
  if (!computes(request)) return;
  const last = (await deps.jobs.computations(jobId)).at(-1);
  if (last === undefined || Date.parse(last.postingAt) === 0) return;
  const input = { jobId, request };
  const operationId = last.operationId ?? (await findBegun(deps, input, last));
  if (operationId !== null) await stop(deps, { input, n: last.n, operationId }, "its job was ended by an operator");
}

/** Closes the record, and tells the keeper at once that the job's slot or place in the queue is free. */
async function close(deps: ActivityDeps, { jobId, request }: JobRecord, outcome: JobOutcome): Promise<void> {
  await workOf(request.kind).over?.(deps, request);
  await deps.jobs.finish(jobId, outcome, null, null);
  if (computes(request)) await deps.slots.release(request.kind, jobId);
}

function abandoned(
  { jobId, request }: JobRecord,
  execution: Execution,
  operationIds: readonly string[],
  ended: Extract<StopReport, { stopped: true }> | null,
): JobOutcome {
  const status = execution === "cancelled" || execution === "terminated" ? execution : "failed";
  return {
    jobId,
    status,
    failure: status === "cancelled" ? null : failureOf(execution, request.kind),
    partial: ended?.partial ?? null,
    faultsSeen: ended?.faultsSeen ?? [],
    operationIds,
    headline: status === "terminated" ? "terminated by an operator" : `its workflow ended as ${execution}`,
  };
}

function failureOf(execution: Execution, kind: JobKind): JobFailure {
  return {
    code: execution === "terminated" ? "terminated" : "workflow_lost",
    what:
      execution === "terminated"
        ? "The job was terminated by an operator."
        : "The job's workflow ended without recording an outcome.",
    why: `Temporal calls it ${execution}.`,
    next: kindOf(kind).again,
  };
}
