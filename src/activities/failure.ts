import { ApplicationFailure } from "@temporalio/activity";
import { isDomainError } from "../domain/errors.ts";

/**
 * The boundary domain → Temporal: the code becomes the failure's type, permanence becomes non-retryable, and the words
 * for the reader travel in the details. Anything else is left alone: Temporal retries it, and the cause is logged.
 */
export function toFailure(error: unknown): unknown {
  if (!isDomainError(error)) return error;
  return ApplicationFailure.create({
    message: error.what,
    type: error.code,
    nonRetryable: !error.retryable,
    details: [{ why: error.why ?? null, next: error.next ?? null }],
    cause: error,
  });
}

type AnyActivity = (...args: never[]) => Promise<unknown>;

/** Wraps every activity of a group with `toFailure`. */
export function withFailures<T extends Record<string, AnyActivity>>(activities: T): T {
  const wrapped = Object.entries(activities).map(([name, activity]) => [
    name,
    async (...args: never[]) => {
      try {
        return await activity(...args);
      } catch (error) {
        throw toFailure(error);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as T;
}
