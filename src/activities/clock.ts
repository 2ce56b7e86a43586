import { setTimeout as delay } from "node:timers/promises";

/** The activities' only source of time, so that a simulation can let days pass in milliseconds. */
export interface Clock {
  /** Milliseconds since the epoch, UTC. */
  now(): number;
  /** Rejects with an AbortError as soon as the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => await delay(ms, undefined, signal === undefined ? {} : { signal }),
};
