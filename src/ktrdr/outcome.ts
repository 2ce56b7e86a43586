/** Turns an HTTP exchange into the value asked for, or into a DomainError. */
import { RequestError, TimeoutError } from "got";
import { DomainError } from "../domain/errors.ts";
import type { Call } from "./call.ts";
import { connectionWords } from "./connection-words.ts";
import { TooLarge, type Answer } from "./exchange.ts";
import { badAnswer, noAnswer, readRefusal, refusalError } from "./refusal.ts";

/** Errors that occur before any byte of the request is sent. */
const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "ERR_INVALID_URL",
]);

/** The error of a request that got no answer. When the caller aborted it, that is the abort's reason. */
export function transportError<T>(error: unknown, call: Call<T>): unknown {
  const { nature, what, signal } = call;
  if (signal?.aborted === true) {
    // A deadline that passed tells something about KTRDR; any other abort keeps its reason.
    const reason: unknown = signal.reason;
    const deadline = reason instanceof DOMException && reason.name === "TimeoutError";
    return deadline ? noAnswer(nature, what, { sent: true, why: "No answer within the caller's deadline." }) : reason;
  }
  if (error instanceof TooLarge) return badAnswer(nature, what, `The answer is too large: ${error.message}.`);
  if (!(error instanceof RequestError)) return error;
  if (error.cause instanceof DomainError) return error.cause;
  if (error instanceof TimeoutError) {
    const connected = !["lookup", "connect", "secureConnect"].includes(error.event);
    return noAnswer(nature, what, {
      sent: connected,
      why: connected ? "No answer in time." : "No connection in time.",
    });
  }
  return noAnswer(nature, what, { sent: !NEVER_SENT.has(error.code), why: connectionWords(error.code), cause: error });
}

function parseJson(bytes: Buffer): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(bytes.toString("utf8")) as unknown };
  } catch {
    // Python's NaN and Infinity are not JSON either.
    return null;
  }
}

/** Turns a received answer into the value asked for, or throws the domain error it means. */
export function interpret<T>(answer: Answer, call: Call<T>): T {
  const { nature, what } = call;
  const json = parseJson(answer.bytes);
  const saysNo =
    typeof json?.value === "object" && json.value !== null && "success" in json.value && json.value.success === false;
  if (answer.status !== 200 || saysNo) {
    const refusal = readRefusal(answer.status, json?.value);
    throw call.refine?.(refusal) ?? refusalError(refusal, nature, what);
  }
  if (json === null) throw badAnswer(nature, what, "The body is not JSON.");
  const parsed = call.answer.safeParse(json.value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw badAnswer(nature, what, `Unexpected shape at ${issue?.path.join(".") ?? "?"}: ${issue?.message ?? "?"}`);
}
