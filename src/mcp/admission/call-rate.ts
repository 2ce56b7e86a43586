import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { DomainError } from "../../domain/errors.ts";

const WINDOW_S = 60;

export interface CallRate {
  /** Counts a call. @throws DomainError `rate_limited` (by the promise) saying in how many seconds */
  count(client: string, tool: string): Promise<void>;
  /** The same refusal for a client that has used up its calls, without counting; null while it has some. */
  usedUp(client: string, tool: string): Promise<DomainError | null>;
}

/**
 * Lets each client call each tool so often a minute, counted in this process: a client that speaks to several servers
 * has the figure in each.
 */
export function createCallRate(callsPerMinute: number): CallRate {
  if (callsPerMinute === 0) return { count: async () => undefined, usedUp: async () => null };
  const limiter = new RateLimiterMemory({ points: callsPerMinute, duration: WINDOW_S });
  const key = (client: string, tool: string): string => JSON.stringify([client, tool]);
  return {
    async count(client, tool) {
      try {
        await limiter.consume(key(client, tool));
      } catch (error) {
        if (!(error instanceof RateLimiterRes)) throw error;
        throw tooOften(tool, callsPerMinute, error.msBeforeNext);
      }
    },
    async usedUp(client, tool) {
      const state = await limiter.get(key(client, tool));
      if (state === null || state.consumedPoints < callsPerMinute) return null;
      return tooOften(tool, callsPerMinute, state.msBeforeNext);
    },
  };
}

const tooOften = (tool: string, callsPerMinute: number, msBeforeNext: number): DomainError =>
  new DomainError("rate_limited", {
    what: `${tool} was called more than ${callsPerMinute} times within a minute.`,
    why: "each client may call each tool so often, so that one that loops does not take the server from the others",
    next: `repeat the call in ${Math.max(1, Math.ceil(msBeforeNext / 1_000))} s; get_task_status with wait_seconds 45 replaces polling`,
  });
