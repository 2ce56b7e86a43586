/** Cancels every job that matches, those started meanwhile too, and waits until none is open any more. */
import type { ResearchParts } from "./parts.ts";
import type { OpenWorkFilter } from "../../store/open-work.ts";

const LOOK_EVERY_MS = 500;
/** So many looks in a row must find nothing, because Temporal's list lags behind its starts. */
const QUIET_LOOKS = 4;
/** More open jobs than this are stopped in several rounds. */
const PAGE = 1_000;
/** Cancellations that are on their way at once. */
const AT_ONCE = 20;

type Parts = Pick<ResearchParts, "work" | "jobs" | "records">;

export interface StopReport {
  /** All jobs that were asked to stop, and matching jobs below them. */
  readonly jobIds: readonly string[];
  /** Jobs that were still open when the time was over. */
  readonly stillOpen: readonly string[];
}

export interface StopWish {
  readonly filter: OpenWorkFilter;
  readonly reason: string;
  /** Milliseconds. */
  readonly patienceMs: number;
  readonly tell: (line: string) => void;
}

/** @throws DomainError `temporal_unavailable` or `database_unavailable` when a part stays away until the time is over. */
export async function stopMatching(parts: Parts, wish: StopWish): Promise<StopReport> {
  const until = performance.now() + wish.patienceMs;
  const known = new Set<string>();
  const asked = new Set<string>();
  let quiet = 0;
  let said = "";
  let open: readonly string[] = [];
  for (;;) {
    const failure = await look().catch((error: unknown) => ({ error }));
    const left = until - performance.now();
    if (quiet >= QUIET_LOOKS) return { jobIds: [...known], stillOpen: [] };
    if (left <= 0) {
      if (failure !== undefined) throw failure.error;
      return { jobIds: [...known], stillOpen: open };
    }
    if (failure !== undefined) say(`A part does not answer; trying again (${String(failure.error)}).`);
    await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_EVERY_MS, left)));
  }

  async function look(): Promise<undefined> {
    open = await matching(parts, wish.filter);
    open.forEach((jobId) => known.add(jobId));
    quiet = open.length === 0 ? quiet + 1 : 0;
    const fresh = open.filter((jobId) => !asked.has(jobId));
    for (let from = 0; from < fresh.length; from += AT_ONCE) {
      await Promise.all(
        fresh.slice(from, from + AT_ONCE).map(async (jobId) => {
          // A job that is open on record but unknown to Temporal may be brought back, so it is asked again.
          if ((await parts.jobs.cancel(jobId, wish.reason)) === "requested") asked.add(jobId);
        }),
      );
    }
    const idle = open.length > 0 && (await parts.jobs.workersPolling()) === false;
    if (known.size === 0) return;
    say(
      idle
        ? `${open.length} of ${known.size} jobs are open, and no worker of ktrdr-mcp runs to stop them: start one (bin/ktrdr-mcp worker).`
        : `${known.size - open.length} of ${known.size} jobs have ended.`,
    );
  }

  function say(line: string): void {
    if (line !== said) wish.tell(line);
    said = line;
  }
}

/** Open jobs on record, and jobs in Temporal that no worker has admitted yet. Batches come before their jobs. */
async function matching({ work, jobs, records }: Parts, filter: OpenWorkFilter): Promise<string[]> {
  const [recorded, running] = await Promise.all([work.list(filter), jobs.openJobs(PAGE, { fresh: true })]);
  const found = new Set(recorded);
  for (const job of running) {
    if (found.has(job.jobId)) continue;
    if (filter.strategy !== undefined && job.strategy !== filter.strategy) continue;
    if (filter.client !== undefined && job.client !== filter.client) continue;
    // The list lags: a job whose end is on record is over.
    const record = await records.get(job.jobId);
    if (record === null || record.status === "open") found.add(job.jobId);
  }
  return [...found];
}
