import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { DomainError } from "../../domain/errors.ts";

const WINDOW_S = 60;

export interface CallRate {
  /** Counts a call. Rejects with DomainError `rate_limited`, which says in how many seconds to repeat it. */
  count(client: string, tool: string): Promise<void>;
  /** The refusal that `count` would give, without counting; null while the client has calls left. */
  usedUp(client: string, tool: string): Promise<DomainError | null>;
}

/**
 * Limits how often a minute each client may call each tool. Counted in this process: a client of several servers has
 * the limit in each.
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
    why: "the limit keeps one client that loops from taking the server from the others",
    next: `repeat the call in ${Math.max(1, Math.ceil(msBeforeNext / 1_000))} s; get_task_status with wait_seconds 45 replaces polling`,
  });
