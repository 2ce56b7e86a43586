/**
 * A circuit breaker around KTRDR. After several requests in a row without an answer, no request is sent for a moment:
 * tools fail at once instead of after a time limit, and an overloaded KTRDR gets fewer requests. Only the MCP server's
 * cheap reads use it, never the worker (docs/decisions/0009-no-breaker-for-jobs.md).
 */
import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
  type CircuitBreakerPolicy,
} from "cockatiel";
import { RequestError } from "got";
import { DomainError } from "../domain/errors.ts";
import type { BreakerState } from "../domain/ktrdr-request.ts";

/** Milliseconds for which the breaker stays open. Then one request is let through as a test. */
const LEAVE_ALONE_MS = 5_000;

/** Statuses of a gateway whose KTRDR is away. Any other status, an error too, is an answer of KTRDR. */
const AWAY = new Set([502, 503, 504]);

/** @param what names what is asked for, e.g. "The bars". @throws DomainError `ktrdr_unavailable` while it is open */
export type Breaker = <T extends { readonly status: number }>(what: string, request: () => Promise<T>) => Promise<T>;

const STATE: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: "closed",
  [CircuitState.HalfOpen]: "half_open",
  [CircuitState.Open]: "open",
  [CircuitState.Isolated]: "open",
};

/**
 * @param failures so many in a row open it; with 0 it never opens
 * @param onState called with each state that it enters, the first one included
 */
export function createBreaker(failures: number, onState: (state: BreakerState) => void = () => undefined): Breaker {
  if (failures === 0) return async (_what, request) => await request();
  // A request that its caller aborted says nothing about KTRDR. As the test of a half open breaker it must count as a
  // failure.
  const givenUp = (code: string) => code === "ERR_ABORTED" && circuit.state !== CircuitState.HalfOpen;
  const noAnswer = handleWhen((error) => error instanceof RequestError && !givenUp(error.code)).orWhenResult(
    (answer) => typeof answer === "object" && answer !== null && AWAY.has(Number(Reflect.get(answer, "status"))),
  );
  const circuit: CircuitBreakerPolicy = circuitBreaker(noAnswer, {
    halfOpenAfter: LEAVE_ALONE_MS,
    breaker: new ConsecutiveBreaker(failures),
  });
  circuit.onStateChange((state) => onState(STATE[state]));
  onState("closed");
  return async (what, request) => {
    try {
      return await circuit.execute(() => request());
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error;
      throw new DomainError("ktrdr_unavailable", {
        what: `${what}: KTRDR was not asked.`,
        why: `its last ${failures} requests or more got no answer, so it is left alone for ${LEAVE_ALONE_MS / 1_000} s at a time`,
        next: `repeat the call in ${LEAVE_ALONE_MS / 1_000} s; check_health always asks KTRDR`,
      });
    }
  };
}
