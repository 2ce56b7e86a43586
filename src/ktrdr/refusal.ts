import { DomainError } from "../domain/errors.ts";
import { oneLine } from "../domain/plain-text.ts";

/** The error that KTRDR, or something in front of it, answered. */
export interface Refusal {
  /** HTTP status; 200 for an envelope that says `success: false`. */
  readonly status: number;
  /** KTRDR's error code, e.g. `DATA-InvalidDate`. */
  readonly code: string | null;
  /** KTRDR's message: one line, at most 300 characters. */
  readonly message: string;
  /** KTRDR's `details.error`, same form as the message. */
  readonly detail: string;
  /** False when the body is none of KTRDR's error shapes: a proxy or another program answered. */
  readonly fromKtrdr: boolean;
  /** True for "no free worker of that kind" (docs/ktrdr.md §1.3 E4). */
  readonly noWorker: boolean;
}

/** read: changes nothing. command: safe to repeat. start: begins computing, must not be repeated blindly. */
export type Nature = "read" | "command" | "start";

type Bag = Readonly<Record<string, unknown>>;

const bag = (value: unknown): Bag | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Bag) : null;
const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** The validation list of shape E1 (also FastAPI's own form), as `field: message`. */
function fieldFaults(details: unknown): string {
  if (!Array.isArray(details)) return "";
  return details
    .slice(0, 5)
    .map((entry) => bag(entry))
    .map((entry) =>
      [text(entry?.["field"]), text(entry?.["message"]) ?? text(entry?.["msg"])].filter(Boolean).join(": "),
    )
    .join("; ");
}

function describe(body: unknown): { code: string | null; message: string | null; detail: string; noWorker: boolean } {
  const root = bag(body);
  const detail = bag(root?.["detail"]);
  const error = bag(root?.["error"]) ?? bag(detail?.["error"]);
  const source = error ?? detail;
  const details = source?.["details"];
  const message =
    text(error?.["message"]) ??
    text(detail?.["message"]) ??
    text(detail?.["error"]) ??
    text(root?.["detail"]) ??
    text(root?.["error"]) ??
    (Array.isArray(root?.["detail"]) ? fieldFaults(root["detail"]) : null);
  const faults = fieldFaults(details);
  return {
    code: text(error?.["code"]) ?? text(detail?.["error_code"]),
    message: message !== null && faults !== "" ? `${message}: ${faults}` : message,
    detail: text(bag(details)?.["error"]) ?? "",
    noWorker: text(detail?.["error"]) !== null && text(detail?.["worker_type"]) !== null,
  };
}

/** Reads any of KTRDR's five error bodies (docs/ktrdr.md §1.3); anything else becomes a refusal not from KTRDR. */
export function readRefusal(status: number, body: unknown): Refusal {
  const { code, message, detail, noWorker } = describe(body);
  // The router's text for an unknown path: it tells nothing about what was asked for.
  const unknownRoute = status === 404 && code === null && message === "Not Found";
  return {
    status,
    code: code === null ? null : oneLine(code, 80),
    message: message === null ? "" : oneLine(message.replace(/^\[[\w-]+\]\s*/, "")),
    detail: oneLine(detail),
    fromKtrdr: message !== null && !unknownRoute,
    noWorker: status === 503 && (noWorker || /^No \w+ worker/i.test(message ?? "")),
  };
}

/** An outage that the operations and checkpoints endpoints answer with 400 (docs/ktrdr.md §1.3). */
const isDressedOutage = (refusal: Refusal): boolean =>
  refusal.status === 400 &&
  refusal.code !== null &&
  /^(OPERATIONS|CHECKPOINTS)-/.test(refusal.code) &&
  !/is not a valid/i.test(`${refusal.detail} ${refusal.message}`);

const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504]);

/** The `why` of an error: the status and code, with KTRDR's own words at the end. */
function observed(refusal: Refusal): string {
  const said = [refusal.message, refusal.detail].filter((part) => part !== "").join(" | ");
  const code = refusal.code === null ? "" : ` ${refusal.code}`;
  return oneLine(`KTRDR answered ${refusal.status}${code}${said === "" ? "." : `: ${said}`}`, 300);
}

const ambiguous = (what: string, why: string): DomainError =>
  new DomainError("ktrdr_start_ambiguous", {
    what: `${what} may or may not have been started: KTRDR's answer was lost or unclear.`,
    why,
    next: "Look for the operation before starting again.",
  });

/**
 * The DomainError for a refusal, by the rule of docs/ktrdr.md §1.3 on what is transient. `what` names what was asked
 * for, e.g. "The training".
 */
export function refusalError(refusal: Refusal, nature: Nature, what: string): DomainError {
  const why = observed(refusal);
  if (refusal.noWorker) {
    return new DomainError("ktrdr_no_worker", {
      what: `${what} was not taken: KTRDR has no free worker for it.`,
      why,
      next: "check_health lists the workers.",
    });
  }
  const transient = TRANSIENT.has(refusal.status) || isDressedOutage(refusal);
  // 429 and 425 come before anything begins; any other transient answer may come after a worker took the job.
  const notBegun = refusal.status === 429 || refusal.status === 425;
  const begunMaybe = refusal.status < 300 || refusal.status > 500 || (transient && !notBegun);
  if (nature === "start" && begunMaybe) return ambiguous(what, why);
  if (transient) return new DomainError("ktrdr_unavailable", { what: `${what}: KTRDR cannot answer now.`, why });
  if (!refusal.fromKtrdr) {
    return new DomainError("ktrdr_bad_answer", {
      what: `${what}: the answer is not KTRDR's.`,
      why: `Status ${refusal.status} without one of KTRDR's error bodies${refusal.message === "" ? "" : `: ${refusal.message}`}.`,
      next: "Check that KTRDR_API_URL leads to KTRDR's API.",
    });
  }
  if (refusal.status === 404) return new DomainError("ktrdr_not_found", { what: `${what} is unknown to KTRDR.`, why });
  return new DomainError("ktrdr_rejected", { what: `${what} was refused by KTRDR.`, why });
}

/** The error for an answer with status 200 that cannot be right. */
export function badAnswer(nature: Nature, what: string, why: string): DomainError {
  const observation = oneLine(why);
  if (nature === "start") return ambiguous(what, observation);
  return new DomainError("ktrdr_bad_answer", { what: `${what}: KTRDR's answer cannot be used.`, why: observation });
}

interface Silence {
  /** False only when KTRDR never saw the request. */
  readonly sent: boolean;
  readonly why: string;
  /** Keeps the socket's code. */
  readonly cause?: unknown;
}

/** The error for no answer. */
export function noAnswer(nature: Nature, what: string, { sent, why, cause }: Silence): DomainError {
  const observation = oneLine(why);
  if (nature === "start" && sent) return ambiguous(what, observation);
  return new DomainError("ktrdr_unavailable", {
    what: `${what}: KTRDR cannot be reached.`,
    why: sent ? observation : oneLine(`Never sent: ${why}`),
    next: "check_health tells which part is down.",
    cause,
  });
}
