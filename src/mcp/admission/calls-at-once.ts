import { bulkhead, BulkheadRejectedError, type BulkheadPolicy } from "cockatiel";
import { LRUCache } from "lru-cache";
import { DomainError } from "../../domain/errors.ts";
import type { Limits } from "./limits.ts";

/** An agent may send twenty calls at once: up to its limit times this wait for their turn. */
const QUEUE_FACTOR = 4;
const REMEMBERED_CLIENTS = 1_000;

/** Runs a call of a client once one of its places is free. */
export type CallsAtOnce = <T>(client: string, waits: boolean, call: () => Promise<T>) => Promise<T>;

/**
 * Every client has places of its own, so that nobody waits behind the calls of another. Calls that wait for a job have
 * separate places: a client that waits for thirty jobs can still call other tools. Rejects with DomainError
 * `rate_limited` when the client's queue is full.
 */
export function createCallsAtOnce(limits: Pick<Limits, "callsAtOnce" | "waitingCalls">): CallsAtOnce {
  const quick = perClient(limits.callsAtOnce, limits.callsAtOnce * QUEUE_FACTOR);
  const waiting = perClient(limits.waitingCalls, 0);
  return async (client, waits, call) => {
    const places = (waits ? waiting : quick)(client);
    if (places === null) return await call();
    try {
      return await places.execute(() => call());
    } catch (error) {
      if (!(error instanceof BulkheadRejectedError)) throw error;
      throw waits ? tooManyWait(limits.waitingCalls) : tooManyAtOnce(limits.callsAtOnce);
    }
  };
}

function perClient(limit: number, queue: number): (client: string) => BulkheadPolicy | null {
  const known = new LRUCache<string, BulkheadPolicy>({ max: REMEMBERED_CLIENTS });
  return (client) => {
    if (limit === 0) return null;
    const places = known.get(client) ?? bulkhead(limit, queue);
    known.set(client, places);
    return places;
  };
}

const tooManyAtOnce = (limit: number) =>
  new DomainError("rate_limited", {
    what: `More than ${limit} calls of this client are being answered, and ${limit * QUEUE_FACTOR} more wait already.`,
    next: "repeat the call in 1 s, and make fewer at once",
  });

const tooManyWait = (limit: number) =>
  new DomainError("rate_limited", {
    what: `${limit} calls of this client wait for jobs to end already.`,
    next: "repeat the call with wait_seconds 0 (answered at once), or when one of the others has been answered, within 45 s; list_tasks shows all jobs",
  });
