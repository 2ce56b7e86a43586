/**
 * Ends a job whose workflow is closed although its record is open: a terminated workflow runs no code of ours, so its
 * computing is stopped and its record closed from here.
 */
import type { JobFailure, JobOutcome, StopReport } from "../domain/job.ts";
import type { Execution } from "../temporal/executions.ts";
import type { ActivityDeps } from "./deps.ts";
import { record } from "./record.ts";
import { findBegun } from "./start.ts";
import { stop } from "./stop.ts";

/** Harmless for a job that is open in Temporal, closed in the record, or unknown. */
export async function settle(deps: ActivityDeps, jobId: string): Promise<void> {
  const job = await deps.jobs.get(jobId);
  const execution = await deps.executions.of(jobId);
  if (job === null || job.status !== "open" || execution === "open") return;
  if (job.request.kind === "training_set") {
    await deps.jobs.finish(jobId, abandoned(jobId, execution, [], null), null, null);
    return;
  }
  const input = { jobId, request: job.request };
  const computation = (await deps.jobs.computations(jobId)).at(-1);
  const operationId =
    computation === undefined ? null : (computation.operationId ?? (await findBegun(deps, input, computation)));
  if (computation === undefined || operationId === null) {
    await deps.jobs.finish(jobId, abandoned(jobId, execution, [], null), null, null);
    return;
  }
  const ended = await stop(deps, input, computation.n, operationId, `workflow ${execution}`);
  if (ended.stopped) {
    await deps.jobs.endComputation(jobId, computation.n, "terminated");
    await deps.jobs.finish(jobId, abandoned(jobId, execution, [operationId], ended), null, null);
    return;
  }
  const ending = { status: "completed", summary: ended.summary } as const;
  await record(
    deps,
    { input, computation: computation.n, ending, faultsSeen: [], operationIds: [operationId], parentJobId: null },
    false,
  );
}

function abandoned(
  jobId: string,
  execution: Execution,
  operationIds: readonly string[],
  ended: Extract<StopReport, { stopped: true }> | null,
): JobOutcome {
  const status = execution === "cancelled" || execution === "terminated" ? execution : "failed";
  return {
    jobId,
    status,
    failure: status === "cancelled" ? null : failureOf(execution),
    partial: ended?.partial ?? null,
    faultsSeen: ended?.faultsSeen ?? [],
    operationIds,
    headline: status === "terminated" ? "terminated by an operator" : `its workflow ended as ${execution}`,
  };
}

function failureOf(execution: Execution): JobFailure {
  return {
    code: "internal",
    what:
      execution === "terminated"
        ? "The job was terminated by an operator."
        : "The job's workflow ended without recording an outcome.",
    why: `Temporal calls it ${execution}.`,
    next: "To run it again, repeat the call with force_new_reason.",
  };
}
