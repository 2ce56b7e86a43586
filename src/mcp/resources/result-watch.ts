/** Tells a client when a job it follows has ended, so that it need not ask. */
import type { Logger } from "../../logger.ts";
import type { Deps } from "../../research/ports.ts";
import { statusOf } from "../../research/jobs/task-status.ts";
import { uriOf } from "./templates.ts";

/** More would be more waiting questions to Temporal than one client is worth; the oldest are let go. */
const MOST_WATCHED = 50;
const ASK_FOR_MS = 20_000;
const PAUSE_MS = 1_000;

export interface ResultWatch {
  /** Watches a job until it ends. Harmless for one that is watched, has ended, or does not exist. */
  follow(jobId: string): void;
  unfollow(jobId: string): void;
  end(): void;
}

/** @param tell is given the address of a result that has changed. Must not throw. */
export function createResultWatch(deps: () => Promise<Deps>, tell: (uri: string) => void, log: Logger): ResultWatch {
  const watched = new Map<string, AbortController>();
  const unfollow = (jobId: string): void => {
    watched.get(jobId)?.abort();
    watched.delete(jobId);
  };
  return {
    follow(jobId) {
      if (watched.has(jobId)) return;
      const [oldest] = watched.keys();
      if (watched.size >= MOST_WATCHED && oldest !== undefined) unfollow(oldest);
      const stop = new AbortController();
      watched.set(jobId, stop);
      untilEnd(deps, jobId, stop.signal)
        .then((ended) => {
          if (watched.get(jobId) === stop) watched.delete(jobId);
          if (ended) tell(uriOf("result", jobId));
        })
        .catch((error: unknown) => log.debug({ err: error, jobId }, "a job can no longer be watched"));
    },
    unfollow,
    end: () => [...watched.keys()].forEach(unfollow),
  };
}

/** False when it is not watched to its end. */
async function untilEnd(deps: () => Promise<Deps>, jobId: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const now = await deps();
    await now.jobs.waitForClose(jobId, ASK_FOR_MS, signal);
    if (signal.aborted) return false;
    const { status } = await statusOf(now, jobId);
    if (status.final) return true;
    // A wait that ends at once without an end (Temporal going away) must not become a busy loop.
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return false;
}
