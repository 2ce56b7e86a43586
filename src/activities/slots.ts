/** Activities of the slot keeper: whether a KTRDR worker is free, and which job ended without giving its slot back. */
import { cancellationSignal, heartbeat } from "@temporalio/activity";
import { isDomainError } from "../domain/errors.ts";
import type { KtrdrWorker } from "../domain/operation.ts";
import { holdOf } from "../domain/research-control.ts";
import type { SlotNews, SlotWatch } from "../domain/slots.ts";
import { isHealthy } from "../domain/worker-gone.ts";
import type { Clock } from "./clock.ts";
import type { ActivityDeps } from "./deps.ts";
import { registered } from "./evidence.ts";
import { beating } from "./heartbeat.ts";
import { settle } from "./settle.ts";

const LOOK_EVERY_MS = 1_000;
/** After a change a worker may be free at any moment, once KTRDR's registry knows (up to 10 s, docs/ktrdr.md §11.7). */
const LOOK_SOON_MS = 400;
const SOON_FOR_MS = 15_000;
/** A terminated holder may still compute: it must be noticed well within a minute. */
const CHECK_HOLDERS_EVERY_MS = 10_000;
const CHECK_QUEUE_EVERY_MS = 60_000;
/** While the registry lags, the reason for waiting changes with every look: only one that lasts this long is told. */
const STEADY_FOR_MS = 3_000;

/** Knows for how long the same words have been said. */
class Steady {
  private words = "";
  private sinceMs = 0;
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** True once the same words have been given for a while. */
  holds(words: string): boolean {
    const now = this.clock.now();
    if (words !== this.words) [this.words, this.sinceMs] = [words, now];
    return now - this.sinceMs >= STEADY_FOR_MS;
  }
}

export function slotActivities(deps: ActivityDeps) {
  return {
    /** Returns as soon as there is news for the keeper; until then it only heartbeats. */
    async watchSlots(watch: SlotWatch): Promise<SlotNews> {
      const signal = cancellationSignal();
      let holdersAt = 0;
      let queueAt = deps.clock.now();
      const steady = new Steady(deps.clock);
      const changedAt = deps.clock.now();
      for (;;) {
        heartbeat("watching");
        const now = deps.clock.now();
        const suspects: string[] = [];
        if (now - holdersAt >= CHECK_HOLDERS_EVERY_MS) {
          suspects.push(...watch.held);
          holdersAt = now;
        }
        if (now - queueAt >= CHECK_QUEUE_EVERY_MS) {
          suspects.push(...watch.queued);
          queueAt = now;
        }
        const closed = await closedAmong(deps, suspects);
        const soon = now - changedAt < SOON_FOR_MS;
        const { free, waitingFor, lags } = await capacity(deps, watch, soon, signal);
        if (closed.length > 0 || free) return { free: free && closed.length === 0, closed, waitingFor };
        if (steady.holds(waitingFor) && isNews(watch, waitingFor)) return { free: false, closed, waitingFor };
        await deps.clock.sleep(soon && lags ? LOOK_SOON_MS : LOOK_EVERY_MS, signal);
      }
    },

    /** Stops and records a job whose workflow is closed although its record is open. Harmless for any other job. */
    async settleAbandoned(jobId: string): Promise<void> {
      await beating(deps.clock, () => settle(deps, jobId));
    },
  };
}

/** While a start is under way (`mayGrant` is false) the keeper knows why the others wait. */
function isNews({ mayGrant, knownReason }: SlotWatch, waitingFor: string): boolean {
  return mayGrant && knownReason !== undefined && knownReason !== waitingFor;
}

async function closedAmong({ executions }: ActivityDeps, jobIds: readonly string[]): Promise<string[]> {
  const closed: string[] = [];
  for (const jobId of jobIds) {
    const execution = await executions.of(jobId);
    if (execution !== "open") closed.push(jobId);
    heartbeat("watching");
  }
  return closed;
}

interface Capacity {
  readonly free: boolean;
  readonly waitingFor: string;
  /** The registry calls all workers busy although we have fewer jobs than workers: it lags behind. */
  readonly lags: boolean;
}

const taken = (waitingFor: string, lags = false): Capacity => ({ free: false, waitingFor, lags });

async function capacity(deps: ActivityDeps, watch: SlotWatch, soon: boolean, signal: AbortSignal): Promise<Capacity> {
  const { ktrdr, log, research } = deps;
  const { kind, queued, mayGrant } = watch;
  if (queued.length === 0) return taken("");
  if (!mayGrant) return taken("the job before it is starting");
  try {
    // While PostgreSQL cannot say whether research is paused, nothing starts: no start could be recorded anyway.
    const hold = holdOf(await research.current());
    if (hold !== null) return taken(hold);
    // Data loads run inside KTRDR's API process: one at a time.
    if (kind === "data_load") {
      return holdersOf(watch).length === 0 ? FREE : taken("another data load is running");
    }
    const workers = await (soon ? registered(ktrdr, kind, signal, LOOK_SOON_MS / 2) : registered(ktrdr, kind, signal));
    if (workers === "unreachable") return taken("KTRDR does not answer");
    const seen = await freeAmong(deps, watch, workers, signal);
    if (!seen.free) return seen;
    // The cached registry may be older than the job that has just ended, and KTRDR would refuse the start.
    const now = await registered(ktrdr, kind, signal, 0);
    if (now === "unreachable") return taken("KTRDR does not answer");
    return await freeAmong(deps, watch, now, signal);
  } catch (error) {
    signal.throwIfAborted();
    // An odd answer must not end the keeper: it looks again.
    log.warn({ err: error, kind }, "cannot tell whether a worker is free");
    if (isDomainError(error, "database_unavailable")) return taken(error.what.replace(/\.$/, ""));
    return taken("KTRDR gives unusable answers about its workers");
  }
}

const FREE: Capacity = { free: true, waitingFor: "", lags: false };

const holdersOf = ({ held, settling = [] }: SlotWatch): readonly string[] => [...held, ...settling];

/**
 * A worker is free when there are more healthy workers than jobs of ours in them, and every worker that the registry
 * calls available says itself that it is idle. After an API restart the registry calls computing workers available
 * (docs/ktrdr.md §3.5), and we cannot choose which one it picks.
 */
async function freeAmong(
  deps: ActivityDeps,
  watch: SlotWatch,
  workers: readonly KtrdrWorker[],
  signal: AbortSignal,
): Promise<Capacity> {
  const { kind } = watch;
  const healthy = workers.filter(isHealthy);
  if (healthy.length === 0) return taken(`KTRDR has no healthy ${kind} worker`);
  const available = healthy.filter(({ status }) => status === "available");
  const ours = await occupied(deps, holdersOf(watch), healthy);
  if (available.length === 0 || healthy.length <= ours) {
    return taken(`all ${healthy.length} ${kind} worker(s) of KTRDR are taken`, healthy.length > ours);
  }
  for (const { endpointUrl } of available) {
    if (await isBusy(deps.ktrdr, endpointUrl, signal)) {
      return taken("a worker computes something that KTRDR's registry does not know");
    }
  }
  return FREE;
}

/** How many healthy workers the holders take. A holder whose worker hangs or is gone takes none. */
async function occupied(
  { jobs }: ActivityDeps,
  holders: readonly string[],
  healthy: readonly KtrdrWorker[],
): Promise<number> {
  if (healthy.length > holders.length) return holders.length;
  let count = 0;
  for (const jobId of holders) {
    const workerId = (await jobs.computations(jobId)).at(-1)?.workerId ?? null;
    if (workerId === null || healthy.some((worker) => worker.workerId === workerId)) count += 1;
  }
  return count;
}

/** Where we cannot reach a worker ourselves, we believe the registry, which calls it available. */
async function isBusy(ktrdr: ActivityDeps["ktrdr"], endpoint: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await ktrdr.workers.at(endpoint).health(signal)).busy;
  } catch (error) {
    if (isDomainError(error)) return false;
    throw error;
  }
}
