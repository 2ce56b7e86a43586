/** Tells a client when a job that it follows has ended. */
import type { Logger } from "../../logger.ts";
import type { Deps } from "../../research/ports.ts";
import { uriOf } from "./templates.ts";

/** Each watched job is a waiting request to Temporal: of more jobs the oldest are dropped. */
const MOST_WATCHED = 50;
const ASK_FOR_MS = 20_000;
const PAUSE_MS = 1_000;

export interface ResultWatch {
  /** Watches a job until it ends. Harmless for one that is watched, has ended, or does not exist. */
  follow(jobId: string): void;
  unfollow(jobId: string): void;
  end(): void;
}

/** @param tell gets the address of a result that has changed; must not throw */
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

/** Waits for the end of a job; false when watching stopped before. */
async function untilEnd(deps: () => Promise<Deps>, jobId: string, signal: AbortSignal): Promise<boolean> {
  // Read with the first job: a server that only lists its tools needs none of it.
  const { statusOf } = await import("../../research/jobs/task-status.ts");
  while (!signal.aborted) {
    const now = await deps();
    await now.jobs.waitForClose(jobId, ASK_FOR_MS, signal);
    if (signal.aborted) return false;
    const { status } = await statusOf(now, jobId);
    if (status.final) return true;
    // A wait that returns at once although the job has not ended (Temporal is going away) must not become a busy loop.
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return false;
}
