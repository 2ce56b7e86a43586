/** What a sealed job must not tell is kept in the record before anything of it passes through Temporal. */
import type { JobInput } from "../domain/job.ts";
import { isSealed, kindOf } from "../domain/kinds/index.ts";
import type { JobFailure } from "../domain/outcome.ts";
import type { ActivityDeps } from "./deps.ts";
import { workOf } from "./kinds/index.ts";

type Of = Pick<JobInput, "jobId" | "request">;
type Summary = Readonly<Record<string, unknown>>;

/** KTRDR's result as it may be told: of a sealed job nothing. */
export async function sealedSummary(deps: Pick<ActivityDeps, "holdouts">, { jobId, request }: Of, summary: Summary) {
  if (!isSealed(request)) return summary;
  await workOf(request.kind).seal?.(deps, jobId, { summary: { ...summary } });
  return {};
}

/** A failure as it may be told: of a sealed job only that there was one. */
export async function sealedFailure(deps: Pick<ActivityDeps, "holdouts">, { jobId, request }: Of, failure: JobFailure) {
  if (!isSealed(request)) return failure;
  await workOf(request.kind).seal?.(deps, jobId, { failure });
  const what = "It ended without an answer.";
  return { code: failure.code, what, why: "Why is told to the operator only.", next: kindOf(request.kind).mend };
}
