/**
 * Leaves KTRDR alone for a moment after several requests in a row got no answer, so that a tool says so at once
 * instead of after a time limit, and a KTRDR that is struggling is not asked by everybody. For cheap reads of the MCP
 * server only, never for the worker: docs/decisions/ says why.
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

/** Then one request is let through to look. Milliseconds. */
const LEAVE_ALONE_MS = 5_000;

/** What a gateway says for a KTRDR that is away. Any other status is an answer of KTRDR, if an angry one. */
const AWAY = new Set([502, 503, 504]);

/** @param what names the thing asked for, e.g. "The bars". @throws DomainError `ktrdr_unavailable` while it is open */
export type Breaker = <T extends { readonly status: number }>(what: string, request: () => Promise<T>) => Promise<T>;

/** Closed: requests pass. Half open: one is let through to look. */
export type BreakerState = "closed" | "half_open" | "open";

const STATE: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: "closed",
  [CircuitState.HalfOpen]: "half_open",
  [CircuitState.Open]: "open",
  [CircuitState.Isolated]: "open",
};

/**
 * @param failures in a row that open it; 0: it never opens
 * @param onState told each state it enters, the first one included
 */
export function createBreaker(failures: number, onState: (state: BreakerState) => void = () => undefined): Breaker {
  if (failures === 0) return async (_what, request) => await request();
  // A request that its caller gave up shows nothing; as the one that looks it must not pass for an answer.
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
        next: `repeat the call in ${LEAVE_ALONE_MS / 1_000} s; check_health asks KTRDR all the same`,
      });
    }
  };
}
