import { DomainError, isDomainError } from "../../domain/errors.ts";
import type { OpenWork, OpenWorkSnapshot } from "../../store/open-work.ts";
import { exceeds, type Limits } from "./limits.ts";

/** How old the record's figures may be. */
const SNAPSHOT_AGE_MS = 1_000;
/** A job that no worker has admitted for so long was removed from Temporal, or is admitted after all. */
const FORGET_AFTER_MS = 24 * 3_600_000;

export interface JobWish {
  readonly jobId: string;
  /** What KTRDR is to compute for it: the trainings of a set, else 1. */
  readonly computations: number;
}

/** Takes the claim back: the job was not started. */
export type Unclaim = () => void;

/** @throws DomainError `too_many_jobs` (by the promise) */
export type JobRoom = (work: Pick<OpenWork, "snapshot">, client: string, wish: JobWish) => Promise<Unclaim>;

interface Claim {
  readonly client: string;
  readonly computations: number;
  readonly order: number;
  readonly at: number;
}

type Counted = Readonly<Record<"ownOpen" | "allOpen" | "ownQueued" | "allQueued", number>>;

/**
 * Keeps the number of open and of queued jobs below their limits. Counted are the record's open jobs, at most a second
 * old, and those that this process started and no worker has admitted yet (the row is written by the worker): within
 * one process the caps are never exceeded, whatever the burst. Several processes do not see each other's starts until
 * a worker admits them, which takes well under a second while one runs; by that much the caps can be exceeded then.
 * While PostgreSQL is away only this process's own starts count. Temporal's lists are not asked (decision 11).
 * @param now monotonic milliseconds
 */
export function createJobRoom(
  limits: Pick<Limits, "openJobs" | "queuedJobs">,
  now: () => number = () => performance.now(),
): JobRoom {
  /** Started here and in no snapshot yet. */
  const claims = new Map<string, Claim>();
  let orders = 0;
  let latest: { readonly at: number; readonly snapshot: Promise<OpenWorkSnapshot | null> } | null = null;
  const { openJobs, queuedJobs } = limits;
  const unlimited = [openJobs, queuedJobs].every(({ perClient, all }) => perClient === 0 && all === 0);

  async function look(work: Pick<OpenWork, "snapshot">): Promise<OpenWorkSnapshot | null> {
    for (const [jobId, { at }] of claims) if (now() - at > FORGET_AFTER_MS) claims.delete(jobId);
    const snapshot = await work.snapshot([...claims.keys()]).catch((error: unknown) => {
      if (isDomainError(error, "database_unavailable")) return null;
      throw error;
    });
    // From now on the record counts them, or knows that they have ended.
    snapshot?.recorded.forEach((jobId) => claims.delete(jobId));
    return snapshot;
  }

  async function recent(work: Pick<OpenWork, "snapshot">): Promise<OpenWorkSnapshot | null> {
    if (latest === null || now() - latest.at > SNAPSHOT_AGE_MS) latest = { at: now(), snapshot: look(work) };
    return await latest.snapshot;
  }

  function count(snapshot: OpenWorkSnapshot | null, client: string, before: number): Counted {
    const earlier = [...claims.values()].filter(({ order }) => order < before);
    const own = earlier.filter((claim) => claim.client === client);
    const recorded = snapshot?.clients ?? [];
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    const mine = recorded.filter((row) => row.client === client);
    return {
      ownOpen: own.length + sum(mine.map(({ open }) => open)),
      allOpen: earlier.length + sum(recorded.map(({ open }) => open)),
      ownQueued: sum(own.map(({ computations }) => computations)) + sum(mine.map(({ queued }) => queued)),
      allQueued: sum(earlier.map(({ computations }) => computations)) + sum(recorded.map(({ queued }) => queued)),
    };
  }

  return async (work, client, { jobId, computations }) => {
    if (unlimited || claims.has(jobId)) return () => undefined;
    // Claimed before the figures are asked for, so that of a burst those that came first have their place.
    const claim: Claim = { client, computations, order: (orders += 1), at: now() };
    claims.set(jobId, claim);
    const unclaim = (): void => {
      if (claims.get(jobId) === claim) claims.delete(jobId);
    };
    try {
      const snapshot = await recent(work);
      // From here to the claim's end without a pause: of a burst, the next one must not count one that is refused.
      check(count(snapshot, client, claim.order), computations, limits);
    } catch (error) {
      unclaim();
      throw error;
    }
    return unclaim;
  };
}

function check(
  seen: Counted,
  computations: number,
  { openJobs, queuedJobs }: Parameters<typeof createJobRoom>[0],
): void {
  if (exceeds(seen.ownOpen + 1, openJobs.perClient))
    throw full(`You have ${seen.ownOpen} open jobs`, openJobs.perClient);
  if (exceeds(seen.allOpen + 1, openJobs.all)) throw full(`${seen.allOpen} jobs are open`, openJobs.all);
  const queued = (count: number) => `${count} computations wait for KTRDR and this would add ${computations}`;
  if (exceeds(seen.ownQueued + computations, queuedJobs.perClient)) {
    throw full(`Of your jobs ${queued(seen.ownQueued)}`, queuedJobs.perClient);
  }
  if (exceeds(seen.allQueued + computations, queuedJobs.all)) throw full(queued(seen.allQueued), queuedJobs.all);
}

const full = (what: string, limit: number) =>
  new DomainError("too_many_jobs", {
    what: `${what}; ${limit} are allowed: no new job is taken.`,
    why: "more would only wait: KTRDR computes a few at a time",
    next: "wait for one to end (get_task_status with wait_seconds 45), or stop one that is not needed (list_tasks with status open, cancel_task); then repeat the call, at the earliest in 5 s",
  });
