import { DomainError, isDomainError, type ErrorCode, type ErrorNumber } from "../domain/errors.ts";
import { oneLine } from "../domain/plain-text.ts";
import type { Logger } from "../logger.ts";

/** Most characters of an error's text: clients cut longer ones. */
const MAX_CHARS = 1_900;
const MAX_VALID = 40;

export interface ToolError {
  readonly code: ErrorCode;
  readonly number: ErrorNumber;
  readonly text: string;
}

/** What to do when the error names no next step. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  temporal_unavailable: "the Temporal server behind TEMPORAL_ADDRESS has to run",
  database_unavailable: "the PostgreSQL behind DATABASE_URL has to run",
  ktrdr_unavailable: "the KTRDR behind KTRDR_API_URL has to run",
  ktrdr_no_worker: "check_health shows KTRDR's workers; repeat the call when one is free",
  ktrdr_bad_answer: "repeat the call once; if it stays, check_health and KTRDR's own log say more",
  folder_unavailable: "set KTRDR_STRATEGIES_DIR to KTRDR's strategies folder and restart this server",
  schema_newer: "update this checkout: the database was migrated by a newer version",
};

/**
 * The one place where errors become text for Claude:
 * `[code -32602] what. Why: ... Valid: ... Next: ...`
 * Anything that is not a DomainError becomes `internal` with an incident id that the log carries.
 */
export function toToolError(error: unknown, tool: string, log: Logger): ToolError {
  if (isDomainError(error) && error.code !== "internal") {
    return { code: error.code, number: error.number, text: toolErrorText(error) };
  }
  const incident = crypto.randomUUID().slice(0, 8);
  log.error({ err: error, cause: causeOf(error), tool, incident }, "tool failed unexpectedly");
  const internal = new DomainError("internal", {
    what: `${tool} failed because of a defect in this server, not because of your arguments`,
    why: `incident ${incident}; the details are in the server's log`,
    next: "repeat the call once; if it fails again, tell the operator the incident id",
  });
  return { code: "internal", number: internal.number, text: toolErrorText(internal) };
}

/** An error as one line of limited length, without hidden characters. */
export function toolErrorText(error: DomainError): string {
  const next = nextOf(error);
  const head = `[${error.code} ${error.number}] ${sentence(clean(error.what, 400))}`;
  const tail = next === undefined ? "" : ` Next: ${sentence(clean(next, 400))}`;
  const why = error.why === undefined ? "" : ` Why: ${sentence(clean(error.why, 700))}`;
  const room = MAX_CHARS - head.length - tail.length - why.length;
  return head + why + validText(error.valid, room) + tail;
}

/** Only the operator can mend these parts: the reader of the error has tools, but no terminal. */
const OPERATORS: readonly ErrorCode[] = ["temporal_unavailable", "database_unavailable"];

function nextOf({ code, next }: DomainError): string | undefined {
  const advice = next ?? HINTS[code];
  if (!OPERATORS.includes(code) && !(code === "ktrdr_unavailable" && next === undefined)) return advice;
  return `wait half a minute and repeat the call (check_health shows every part); if it stays so, tell the user: ${advice}`;
}

function validText(valid: readonly string[], room: number): string {
  if (valid.length === 0) return "";
  const start = " Valid: ";
  let text = start;
  for (const [index, value] of valid.slice(0, MAX_VALID).entries()) {
    const item = (index === 0 ? "" : ", ") + clean(value, 120);
    const reserve = 30;
    if (text.length + item.length + reserve > room) break;
    text += item;
  }
  if (text === start) return "";
  const shown = text.split(", ").length;
  return `${shown < valid.length ? `${text} (and ${valid.length - shown} more)` : text}.`;
}

/** A text as one line without hidden characters and without absolute paths of this machine. */
const clean = (text: string, limit: number): string =>
  oneLine(text.replaceAll(/(?:file:\/\/)?(?<![\w:/.])\/(?:[\w.@+-]+\/)+[\w.@+-]+/g, "[path]"), limit);

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
