import { setTimeout as delay } from "node:timers/promises";

/** The activities' only source of time, so that a simulation can let days pass in milliseconds. */
export interface Clock {
  /** Milliseconds since the epoch, UTC. */
  now(): number;
  /** Milliseconds since some moment. Nobody sets this clock; it may stand still while the machine is suspended. */
  monotonic(): number;
  /** Rejects with an AbortError as soon as the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => await delay(ms, undefined, signal === undefined ? {} : { signal }),
};

/** Milliseconds since it was made, by the clock that says more: one may have stood still, the other been set back. */
export function stopwatch(clock: Clock): () => number {
  const [wall, monotonic] = [clock.now(), clock.monotonic()];
  return () => Math.max(clock.now() - wall, clock.monotonic() - monotonic);
}
