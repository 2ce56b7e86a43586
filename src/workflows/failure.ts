import { ActivityFailure, ApplicationFailure } from "@temporalio/workflow";
import { isErrorCode } from "../domain/errors.ts";
import { oneLine } from "../domain/plain-text.ts";
import type { JobFailure } from "../domain/outcome.ts";

/** Reads what activities/failure.ts wrote into an ApplicationFailure. Any other error is `internal`. */
export function failureOf(error: unknown): JobFailure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure && isErrorCode(cause.type)) {
    const [facts] = (cause.details ?? []) as [{ why?: string | null; next?: string | null }?];
    return { code: cause.type, what: cause.message, why: facts?.why ?? null, next: facts?.next ?? null };
  }
  const text = cause instanceof Error ? cause.message : String(cause);
  return { code: "internal", what: "A step of the job failed unexpectedly.", why: oneLine(text), next: null };
}
