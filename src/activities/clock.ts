import { setTimeout as delay } from "node:timers/promises";

/** The activities' only source of time, so that a simulation can let days pass in milliseconds. */
export interface Clock {
  /** Milliseconds since the epoch, UTC. */
  now(): number;
  /** Milliseconds since any moment, never set back or forth; may stand still while the machine is suspended. */
  monotonic(): number;
  /** Rejects with an AbortError as soon as the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => await delay(ms, undefined, signal === undefined ? {} : { signal }),
};

/** Milliseconds since it was made: by whichever clock says more, since either may have stood still or been set. */
export function stopwatch(clock: Clock): () => number {
  const [wall, monotonic] = [clock.now(), clock.monotonic()];
  return () => Math.max(clock.now() - wall, clock.monotonic() - monotonic);
}
