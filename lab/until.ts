import { setTimeout as delay } from "node:timers/promises";
import { DomainError } from "../src/domain/errors.ts";
import { errorText } from "../src/error-text.ts";

export interface UntilOptions {
  /** What is waited for; begins the sentence "… did not come about within n s". */
  readonly what: string;
  readonly timeoutMs: number;
  readonly everyMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls `check` until it answers true; an error counts as "not yet".
 * @throws DomainError `internal` after `timeoutMs` with the last error, or the signal's reason.
 */
export async function until(check: () => Promise<boolean>, options: UntilOptions): Promise<void> {
  const deadline = Date.now() + options.timeoutMs;
  let last: unknown;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      if (await check()) return;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      throw new DomainError("internal", {
        what: `${options.what} did not come about within ${options.timeoutMs / 1000} s.`,
        ...(last === undefined ? {} : { why: errorText(last), cause: last }),
      });
    }
    await delay(options.everyMs ?? 100, undefined, { signal: options.signal }).catch(() => undefined);
  }
}
