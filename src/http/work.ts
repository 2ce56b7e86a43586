import type { MiddlewareHandler } from "hono";
import type { HttpEnv } from "./bindings.ts";
import { refusal } from "./refusal.ts";

/** A subscription stays open for hours and does nothing: it takes none of the places of calls, but of its own. */
const IDLE_METHOD = "subscriptions/listen";

/** Seconds after which a refused caller may try again. */
const RETRY_AFTER_S = 1;

export interface Places {
  readonly all: number;
  /** Of these, for each caller that is known by name. Above what the limits for clients let one wait and call at once. */
  readonly each: number;
  /** A call whose connection moves no byte for so long is cut: nobody reads its answer. Longer than any call waits. Milliseconds. */
  readonly quietMs: number;
}

export interface Work {
  /** Requests that are being answered: from their first byte until the last byte of the answer or the end of the connection. */
  readonly count: number;
  /** Refuses new requests (503) from now on; answers from now on close their connection. */
  leave(): void;
  /** Resolves when nothing is being answered. */
  idle(): Promise<void>;
  readonly bounded: MiddlewareHandler<HttpEnv>;
}

/**
 * Bounds how many requests are in work at once, in all and for each caller, and knows when the last one is answered.
 * What a request says it is cannot be trusted here: whoever calls a call a subscription gets a place among as many of
 * those, and is cut when we leave.
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
      const { name } = context.get("caller");
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
    /** @returns to be called once, when the place is free again */
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
