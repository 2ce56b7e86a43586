/**
 * What no job, no keeper, no waiting candidate and no champion can do for itself: settle jobs whose workflow was terminated while no
 * keeper looked, start a terminated keeper again, and have candidates wait
 * and champions be watched on. The record tells what they knew.
 */
import { heartbeat } from "@temporalio/activity";
import { computes, keeperOf, SLOT_KINDS, type SlotKind } from "../domain/kinds/index.ts";
import { waitId, watchId } from "../domain/registry/stage.ts";
import { slotKeeperId } from "../domain/slots.ts";
import type { JobRecord } from "../store/job-row.ts";
import type { ActivityDeps } from "./deps.ts";
import { beating } from "./heartbeat.ts";
import { settle } from "./settle.ts";
import { standingOf } from "./standing.ts";
import { createTidying } from "./tidy.ts";

const PAGE = 200;
const SETTLED_AT_ONCE = 20;

export function tendActivities(deps: ActivityDeps) {
  const tidy = createTidying(deps);
  return {
    /** Idempotent. Changes nothing about jobs that are in order. */
    async tendJobs(): Promise<void> {
      // Beside each other: a job that cannot be settled takes the whole round.
      await beating(
        deps.clock,
        async () => void (await Promise.all([tend(deps), tendWaits(deps), tendWatches(deps), tidy()])),
      );
    },
  };
}

async function tend(deps: ActivityDeps): Promise<void> {
  const failures: unknown[] = [];
  const known = new Map<SlotKind, ReadonlySet<string>>();
  for (const kind of SLOT_KINDS) {
    // A keeper that is paused answers nothing. That must keep no job from being settled.
    const jobIds = await knownToKeeper(deps, kind).catch((error: unknown) => void failures.push(error));
    if (jobIds !== undefined) known.set(kind, jobIds);
  }
  const abandoned: string[] = [];
  // Oldest first: the order of a rebuilt queue is the order of admission.
  for (const job of (await openJobs(deps)).toReversed()) {
    heartbeat("working");
    if ((await deps.executions.of(job.jobId)) !== "open") abandoned.push(job.jobId);
    else if (computes(job.request) && known.get(keeperOf(job.request.kind))?.has(job.jobId) === false) {
      await claimAgain(deps, job);
    }
  }
  failures.push(...(await settleAll(deps, abandoned)));
  if (failures.length > 0) throw failures[0];
}

/** A candidate waits on whatever became of its workflow, and a decision is carried out although its signal was lost. */
async function tendWaits({ decisions, waits, executions }: ActivityDeps): Promise<void> {
  for (const { decision, ...wait } of await decisions.open()) {
    heartbeat("working");
    if (decision !== null) await waits.tell(wait, decision);
    else if ((await executions.of(waitId(wait))) !== "open") await waits.begin(wait);
  }
}

/** Whatever made a candidate the champion, and whatever became of its workflow, it is watched. */
async function tendWatches({ watches, waits, executions }: ActivityDeps): Promise<void> {
  for (const champion of await watches.open()) {
    heartbeat("working");
    if ((await executions.of(watchId(champion))) !== "open") await waits.watch(champion);
  }
}

/**
 * A job that cannot be stopped or recorded does not hold up the others.
 * @returns why jobs could not be settled
 */
async function settleAll(deps: ActivityDeps, jobIds: readonly string[]): Promise<unknown[]> {
  const waiting = jobIds.values();
  const failures: unknown[] = [];
  const lanes = Array.from({ length: SETTLED_AT_ONCE }, async () => {
    for (const jobId of waiting) await settle(deps, jobId).catch((error: unknown) => failures.push(error));
  });
  await Promise.all(lanes);
  return failures;
}

/**
 * A living keeper need not know every job: after a keeper was terminated, the next claim starts another one, which
 * knows of that claim only.
 */
async function knownToKeeper({ executions, slots }: ActivityDeps, kind: SlotKind): Promise<ReadonlySet<string>> {
  if ((await executions.of(slotKeeperId(kind))) !== "open") return new Set();
  return new Set(await slots.known(kind));
}

/** Newest first. */
async function openJobs({ jobs }: ActivityDeps): Promise<JobRecord[]> {
  const found: JobRecord[] = [];
  for (;;) {
    const last = found.at(-1);
    const page = await jobs.list({
      status: "open",
      limit: PAGE,
      ...(last === undefined ? {} : { before: last.jobId }),
    });
    found.push(...page);
    if (page.length < PAGE) return found;
  }
}

async function claimAgain({ jobs, slots }: ActivityDeps, job: JobRecord): Promise<void> {
  const standing = standingOf(await jobs.computations(job.jobId));
  await slots.claim(job.request.kind as SlotKind, { jobId: job.jobId, priority: job.priority, ...standing });
}
