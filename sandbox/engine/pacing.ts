import { setImmediate, setTimeout as wait } from "node:timers/promises";
import { performance } from "node:perf_hooks";

/** Longest stretch of computing between two turns of the event loop, ms. */
const SLICE_MS = 5;

/** Keeps a long computation from blocking its process: HTTP and other runs get their turn in between. */
export interface Pace {
  /** True once the signal has stopped the run. */
  readonly stopped: () => boolean;
  /** Gives way to the event loop when the slice is used up; call it in every inner step. */
  readonly breathe: () => Promise<void>;
  /** Waits `ms` milliseconds, shorter when the signal stops the run. */
  readonly rest: (ms: number) => Promise<void>;
}

/** A pace for one run. */
export function paceFor(signal: AbortSignal | undefined): Pace {
  let since = performance.now();
  return {
    stopped: () => signal?.aborted === true,
    async breathe() {
      if (performance.now() - since < SLICE_MS) return;
      await setImmediate();
      since = performance.now();
    },
    async rest(ms) {
      if (ms <= 0 || signal?.aborted === true) return;
      try {
        await wait(ms, undefined, signal === undefined ? {} : { signal });
      } catch (error) {
        if (!(error instanceof Error && error.name === "AbortError")) throw error;
      }
      since = performance.now();
    },
  };
}
