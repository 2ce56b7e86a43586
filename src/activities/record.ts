/** Writes down how a job ended, with its figures. That is never changed again. */
import { isDomainError } from "../domain/errors.ts";
import { computes, insistedOn, type JobResult, headline } from "../domain/kinds/index.ts";
import type { JobFailure, JobOutcome } from "../domain/outcome.ts";
import { insistenceCaveats } from "../domain/insistence.ts";
import type { ActivityDeps, RecordRequest } from "./deps.ts";
import { workOf } from "./kinds/index.ts";
import { sealedFailure } from "./seal.ts";
import { namingSource } from "./unnamed-source.ts";

export async function record(deps: ActivityDeps, request: RecordRequest, insistOnBars: boolean): Promise<JobOutcome> {
  const { input, computation } = request;
  await workOf(input.request.kind).over?.(deps, input.request);
  const { outcome, result } = await conclude(deps, request, insistOnBars);
  if (request.operationIds.length > 0) await deps.jobs.endComputation(input.jobId, computation, outcome.status);
  const stored = await deps.jobs.finish(input.jobId, outcome, result, result?.engine ?? null);
  if (computes(input.request)) await deps.slots.release(input.request.kind, input.jobId);
  return stored;
}

async function conclude(
  deps: ActivityDeps,
  request: RecordRequest,
  insistOnBars: boolean,
): Promise<{ outcome: JobOutcome; result: JobResult | null }> {
  const { ending, input } = request;
  if (ending.status === "cancelled") {
    const line = cancelledLine(request);
    return { outcome: outcomeOf(request, "cancelled", null, ending.partial, line), result: null };
  }
  if (ending.status === "failed") {
    return await failedWith(deps, request, await namingSource(deps, input.jobId, ending.failure));
  }
  // KTRDR is asked for the bars until it answers: the result is known already and must not be lost.
  const { engine } = await deps.ktrdr.health();
  const { summary } = ending;
  const normalise = await workOf(input.request.kind).result(deps, { ...input, summary, engine, insistOnBars });
  try {
    const plain = normalise();
    // A batch shows it with each item.
    const insisted = computes(input.request) ? insistenceCaveats(insistedOn(input.request)) : [];
    const result = { ...plain, caveats: [...insisted, ...plain.caveats] };
    return { outcome: outcomeOf(request, "completed", null, null, headline(result)), result };
  } catch (error) {
    // The computation finished and its answer is unusable: the job fails instead of recording a doubtful figure.
    if (!isDomainError(error, "ktrdr_bad_answer", "computation_failed", "computation_lost")) throw error;
    return await failedWith(deps, request, {
      code: error.code,
      what: error.what,
      why: error.why ?? null,
      next: error.next ?? null,
    });
  }
}

function cancelledLine({ input, ending, operationIds }: RecordRequest): string {
  if (ending.status === "cancelled" && ending.partial !== null) {
    const { percent, doubt } = ending.partial;
    return `cancelled at ${percent.toFixed(0)} %${doubt === undefined ? "" : `; ${doubt}`}`;
  }
  if (!computes(input.request)) return "cancelled; its jobs that had finished keep their results";
  return operationIds.length === 0 ? "cancelled before it started" : "cancelled";
}

async function failedWith(
  deps: ActivityDeps,
  request: RecordRequest,
  failure: JobFailure,
): Promise<{ outcome: JobOutcome; result: null }> {
  const partial = request.ending.status === "failed" ? request.ending.partial : null;
  const told = await sealedFailure(deps, request.input, failure);
  return { outcome: outcomeOf(request, "failed", told, partial, told.what), result: null };
}

function outcomeOf(
  { input, faultsSeen, operationIds }: RecordRequest,
  status: JobOutcome["status"],
  failure: JobFailure | null,
  partial: JobOutcome["partial"],
  line: string,
): JobOutcome {
  const operations = [...new Set(operationIds)]; // a resumed operation had several computations
  return { jobId: input.jobId, status, failure, partial, faultsSeen, operationIds: operations, headline: line };
}
