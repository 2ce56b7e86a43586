import type { MiddlewareHandler } from "hono";
import type { HttpEnv } from "./bindings.ts";
import { refusal } from "./refusal.ts";

/** A subscription stays open for hours and does nothing: it is counted apart, and takes no place of a call. */
const IDLE_METHOD = "subscriptions/listen";

/** Seconds after which a refused caller may try again. */
const RETRY_AFTER_S = 1;

export interface Places {
  readonly all: number;
  /** Places of each caller that is known by name: more than the limits for clients let one call and wait at once. */
  readonly each: number;
  /** Milliseconds. A connection that moves no byte for so long is cut: nobody reads it, and no call waits so long. */
  readonly quietMs: number;
}

export interface Work {
  /** Requests in work: from their first byte until the last byte of the answer, or the end of the connection. */
  readonly count: number;
  /** From now on refuses new requests (503), and closes each connection after its answer. */
  leave(): void;
  /** Resolves when no request is in work. */
  idle(): Promise<void>;
  readonly bounded: MiddlewareHandler<HttpEnv>;
}

/**
 * Limits how many requests are in work at once, in all and for each caller, and knows when the last one is answered. A
 * header says whether a request is a call or a subscription, and a client may lie in it. That gains nothing:
 * subscriptions have the same number of places, and `leave` cuts them.
 */
export function createWork(places: Places): Work {
  const calls = createTaken(places, "requests are being answered");
  const subscriptions = createTaken(places, "subscriptions are open");
  let leaving = false;
  const waiting: (() => void)[] = [];

  return {
    get count() {
      return calls.count();
    },
    leave() {
      leaving = true;
    },
    async idle() {
      if (calls.count() > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    async bounded(context, next) {
      if (leaving) return refusal(503, "This server is shutting down.", RETRY);
      const { name } = context.var.caller ?? context.var.reader;
      const idle = context.req.header("mcp-method") === IDLE_METHOD;
      const taken = idle ? subscriptions : calls;
      const full = taken.full(name);
      if (full !== null) return refusal(503, `${full}; repeat in ${RETRY_AFTER_S} s.`, RETRY);
      const free = taken.take(name);
      const { outgoing } = context.env;
      if (!idle) outgoing.setTimeout(places.quietMs, () => outgoing.destroy());
      outgoing.once("close", () => {
        free();
        if (calls.count() === 0) for (const resolve of waiting.splice(0)) resolve();
      });
      await next();
      if (leaving && !idle) context.header("connection", "close");
      return;
    },
  };
}

const RETRY = { "retry-after": String(RETRY_AFTER_S) };

function createTaken({ all, each }: Pick<Places, "all" | "each">, what: string) {
  let count = 0;
  const byCaller = new Map<string, number>();
  const of = (name: string) => byCaller.get(name) ?? 0;
  return {
    count: () => count,
    /** Why there is no place; null when there is one. */
    full(name: string | null): string | null {
      if (name !== null && of(name) >= each) return `${each} of your ${what} already`;
      return count >= all ? `${all} ${what} already` : null;
    },
    /** @returns gives the place back; to be called once */
    take(name: string | null): () => void {
      count += 1;
      if (name !== null) byCaller.set(name, of(name) + 1);
      return () => {
        count -= 1;
        if (name === null) return;
        if (of(name) === 1) byCaller.delete(name);
        else byCaller.set(name, of(name) - 1);
      };
    },
  };
}
