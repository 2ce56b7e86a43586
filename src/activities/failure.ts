import { ApplicationFailure } from "@temporalio/activity";
import { isDomainError } from "../domain/errors.ts";

/**
 * Makes Temporal's failure of a DomainError: its code is the failure's type, `retryable` decides whether Temporal
 * retries, and the details carry why and what next. Any other error stays as it is: Temporal logs and retries it.
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
