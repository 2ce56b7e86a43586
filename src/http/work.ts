import type { MiddlewareHandler } from "hono";
import type { HttpEnv } from "./bindings.ts";
import { refusal } from "./refusal.ts";

/** A subscription stays open for hours and does nothing; the SDK has a limit of its own for them. */
const IDLE_METHOD = "subscriptions/listen";

/** Seconds after which a refused caller may try again. */
const RETRY_AFTER_S = 1;

export interface Work {
  /** Requests that are being answered: from their first byte until the last byte of the answer or the end of the connection. */
  readonly count: number;
  /** Refuses new requests (503) from now on; answers from now on close their connection. */
  leave(): void;
  /** Resolves when nothing is being answered. */
  idle(): Promise<void>;
  readonly bounded: MiddlewareHandler<HttpEnv>;
}

/** Bounds how many requests are in work at once, and knows when the last one is answered. */
export function createWork(limit: number): Work {
  let count = 0;
  let leaving = false;
  const waiting: (() => void)[] = [];

  function ended(): void {
    count -= 1;
    if (count === 0) for (const resolve of waiting.splice(0)) resolve();
  }

  return {
    get count() {
      return count;
    },
    leave() {
      leaving = true;
    },
    async idle() {
      if (count > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    async bounded(context, next) {
      if (leaving) return refusal(503, "This server is shutting down.", { "retry-after": String(RETRY_AFTER_S) });
      if (context.req.header("mcp-method") === IDLE_METHOD) return await next();
      if (count >= limit) {
        return refusal(503, `This server is answering ${limit} requests already.`, {
          "retry-after": String(RETRY_AFTER_S),
        });
      }
      count += 1;
      context.env.outgoing.once("close", ended);
      await next();
      if (leaving) context.header("connection", "close");
    },
  };
}
