import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** One finding of the request validation: `field` is the location path joined with ` -> ` (docs/ktrdr.md §1.3 E1). */
export interface FieldError {
  readonly field: string;
  readonly message: string;
  readonly type: string;
}

/** An answer that a handler gives by throwing: any of the five error shapes. */
export class HttpError extends Error {
  readonly status: ContentfulStatusCode;
  readonly body: unknown;

  constructor(status: ContentfulStatusCode, body: unknown) {
    super(`HTTP ${status}`);
    this.name = "HttpError";
    this.status = status;
    this.body = body;
  }
}

/** E1: request validation. */
export function validationError(details: readonly FieldError[]): HttpError {
  const error = { code: "VALIDATION_ERROR", message: "Request validation failed", details };
  return new HttpError(422, { success: false, error });
}

/** E2: `details` is an object. */
export function coded(
  status: ContentfulStatusCode,
  code: string,
  message: string,
  details: Readonly<Record<string, unknown>>,
): HttpError {
  return new HttpError(status, { success: false, error: { code, message, details } });
}

/** E3: a plain text. */
export function detail(status: ContentfulStatusCode, text: string): HttpError {
  return new HttpError(status, { detail: text });
}

/** E5 of indicators: the envelope inside `detail`. */
export function wrapped(
  status: ContentfulStatusCode,
  code: string,
  message: string,
  details: Readonly<Record<string, unknown>>,
): HttpError {
  return new HttpError(status, { detail: { success: false, error: { code, message, details } } });
}

export function answerError(error: Error, context: Context): Response {
  if (error instanceof HttpError) return context.json(error.body, error.status);
  const body = { code: "INTERNAL_SERVER_ERROR", message: error.message, details: { type: error.name } };
  return context.json({ success: false, error: body }, 500);
}
