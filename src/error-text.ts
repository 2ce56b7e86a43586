/** An error as text for a person; for Claude there is mcp/errors.ts. */
import { isDomainError } from "./domain/errors.ts";

/** An error in one line for a person: what and why of our own errors; the message and the cause's of others. */
export function errorText(error: unknown): string {
  if (isDomainError(error)) return error.why === undefined ? error.what : `${error.what} ${error.why}`;
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return (error.message.split("\n")[0] ?? "") + cause;
}

/** All that an error says: of our own a line for each thing. */
export function errorInFull(error: unknown): string {
  if (!isDomainError(error)) return errorText(error);
  const { what, why, valid, next } = error;
  const choices = valid.length === 0 ? undefined : `There are: ${valid.join(", ")}`;
  return [what, why, choices, next].filter((line) => line !== undefined).join("\n");
}
