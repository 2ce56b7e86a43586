import { LRUCache } from "lru-cache";
import type { SeenJob } from "../../store/job-row.ts";
import type { JobView } from "../../temporal/job-view.ts";

export type LastLooks = ReturnType<typeof createLastLooks>;

interface Look {
  /** What Temporal showed at the last look. */
  readonly at: string;
  /** What the record said after that look; null when it was not read since. */
  readonly seen: SeenJob | null;
}

/**
 * Remembers the record of a job that queues or is awaited. As long as its history does not grow, nothing is written
 * about it, so repeated questions for its status need no database.
 */
export function createLastLooks() {
  const known = new LRUCache<string, Look>({ max: 2_000 });
  return {
    /** True when it is worth asking Temporal first. */
    has: (jobId: string): boolean => (known.get(jobId)?.seen ?? null) !== null,
    /** The record of a job that Temporal shows as it was shown before; undefined when it has to be read. */
    recall: (view: JobView): SeenJob | undefined => {
      const look = known.get(view.jobId);
      return look?.at === momentOf(view) ? (look.seen ?? undefined) : undefined;
    },
    /** Called with each look at both. `seen` may be older than `view`, so it is kept at the second equal look. */
    note: (view: JobView, seen: SeenJob): void => {
      const at = momentOf(view);
      if (at === null || seen.job.status !== "open") {
        known.delete(view.jobId);
        return;
      }
      known.set(view.jobId, { at, seen: known.get(view.jobId)?.at === at ? seen : null });
    },
  };
}

/** The state of the workflow; null when a step may write about the job without its history growing. */
function momentOf({ execution, runId, historyEvents, pending }: JobView): string | null {
  const resting = pending === null || pending.activity === "awaitComputation";
  return execution === "running" && resting ? `${runId} ${historyEvents}` : null;
}
