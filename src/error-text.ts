import { isDomainError } from "./domain/errors.ts";

/** An error in one line for a person: what and why of our own errors; the message and the cause's of others. */
export function errorText(error: unknown): string {
  if (isDomainError(error)) return error.why === undefined ? error.what : `${error.what} ${error.why}`;
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return (error.message.split("\n")[0] ?? "") + cause;
}
