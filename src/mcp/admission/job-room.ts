import { DomainError, isDomainError } from "../../domain/errors.ts";
import type { OpenWork, OpenWorkSnapshot } from "../../store/open-work.ts";
import type { JobWish, Unclaim } from "../../research/asking.ts";
import { exceeds, type Limits } from "./limits.ts";

/** How old the record's figures may be. */
const SNAPSHOT_AGE_MS = 1_000;
/** After so long without an admission, a job that this process started is no longer counted. */
const FORGET_AFTER_MS = 24 * 3_600_000;

/** Rejects with DomainError `too_many_jobs`. */
export type JobRoom = (work: Pick<OpenWork, "snapshot">, client: string, wish: JobWish) => Promise<Unclaim>;

interface Claim {
  readonly client: string;
  readonly computations: number;
  readonly at: number;
}

type Counted = Readonly<Record<"ownOpen" | "allOpen" | "ownQueued" | "allQueued", number>>;

/**
 * Keeps the numbers of open and of queued jobs below their limits. It counts the open jobs on record, at most a second
 * old, and those that this process started and no worker has admitted yet. So one process never exceeds the limits.
 * Several processes do not see each other's starts until a worker admits them, usually within a second; they can exceed
 * the limits by that many. While PostgreSQL is away, its last figures count, and what this process starts is added.
 * @param now monotonic milliseconds
 */
export function createJobRoom(
  limits: Pick<Limits, "openJobs" | "queuedJobs">,
  now: () => number = () => performance.now(),
): JobRoom {
  /** Jobs that this process started or is about to start, and that the record's figures do not have yet. */
  const claims = new Map<string, Claim>();
  let figures: OpenWorkSnapshot = { clients: [], recorded: [] };
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | null = null;
  const { openJobs, queuedJobs } = limits;
  const unlimited = [openJobs, queuedJobs].every(({ perClient, all }) => perClient === 0 && all === 0);

  async function ask(work: Pick<OpenWork, "snapshot">): Promise<void> {
    askedAt = now();
    for (const [jobId, { at }] of claims) if (askedAt - at > FORGET_AFTER_MS) claims.delete(jobId);
    try {
      const snapshot = await work.snapshot([...claims.keys()]);
      // Figures and claims change together: the new figures contain these jobs, or the jobs have ended.
      figures = snapshot;
      snapshot.recorded.forEach((jobId) => claims.delete(jobId));
    } catch (error) {
      if (!isDomainError(error, "database_unavailable")) throw error;
    }
  }

  async function refresh(work: Pick<OpenWork, "snapshot">): Promise<void> {
    if (asking === null && now() - askedAt <= SNAPSHOT_AGE_MS) return;
    asking ??= ask(work).finally(() => {
      asking = null;
    });
    await asking;
  }

  function count(client: string): Counted {
    const own = [...claims.values()].filter((claim) => claim.client === client);
    const mine = figures.clients.filter((row) => row.client === client);
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    const queued = (counted: readonly Claim[]) => sum(counted.map(({ computations }) => computations));
    return {
      ownOpen: own.length + sum(mine.map(({ open }) => open)),
      allOpen: claims.size + sum(figures.clients.map(({ open }) => open)),
      ownQueued: queued(own) + sum(mine.map((row) => row.queued)),
      allQueued: queued([...claims.values()]) + sum(figures.clients.map((row) => row.queued)),
    };
  }

  return async (work, client, { jobId, computations }) => {
    if (unlimited) return () => undefined;
    await refresh(work);
    // No `await` from here on, so that each start of a burst sees the claims of those before it.
    if (claims.has(jobId)) return () => undefined;
    check(count(client), computations, limits);
    const claim: Claim = { client, computations, at: now() };
    claims.set(jobId, claim);
    return () => {
      if (claims.get(jobId) === claim) claims.delete(jobId);
    };
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
