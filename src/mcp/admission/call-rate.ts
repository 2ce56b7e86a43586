import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { DomainError } from "../../domain/errors.ts";

const WINDOW_S = 60;

/**
 * Lets each client call each tool so often a minute, counted in this process: a client that speaks to several servers
 * has the figure in each.
 * @returns resolves when the call may be made.
 * @throws DomainError `rate_limited` (by the promise) saying in how many seconds
 */
export function createCallRate(callsPerMinute: number): (client: string, tool: string) => Promise<void> {
  if (callsPerMinute === 0) return async () => undefined;
  const limiter = new RateLimiterMemory({ points: callsPerMinute, duration: WINDOW_S });
  return async (client, tool) => {
    try {
      await limiter.consume(JSON.stringify([client, tool]));
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      const seconds = Math.max(1, Math.ceil(error.msBeforeNext / 1_000));
      throw new DomainError("rate_limited", {
        what: `${tool} was called more than ${callsPerMinute} times within a minute.`,
        why: "each client may call each tool so often, so that one that loops does not take the server from the others",
        next: `repeat the call in ${seconds} s; get_task_status with wait_seconds 45 replaces polling`,
        cause: undefined,
      });
    }
  };
}
