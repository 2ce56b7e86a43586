/** The slot keeper's eyes and hands: is a KTRDR worker free, and whose job ended without letting go. */
import { cancellationSignal, heartbeat } from "@temporalio/activity";
import { isDomainError } from "../domain/errors.ts";
import type { SlotKind } from "../domain/job.ts";
import type { KtrdrWorker } from "../domain/operation.ts";
import type { SlotNews, SlotWatch } from "../domain/slots.ts";
import type { ActivityDeps } from "./deps.ts";
import { registered } from "./evidence.ts";
import { beating } from "./heartbeat.ts";
import { settle } from "./settle.ts";

const LOOK_EVERY_MS = 1_000;
/** Holders compute or should: one that was terminated must be noticed well within a minute. */
const CHECK_HOLDERS_EVERY_MS = 10_000;
const CHECK_QUEUE_EVERY_MS = 60_000;

export function slotActivities(deps: ActivityDeps) {
  return {
    /** Returns as soon as there is news for the keeper; until then it only heartbeats. */
    async watchSlots(watch: SlotWatch): Promise<SlotNews> {
      const signal = cancellationSignal();
      let holdersAt = 0;
      let queueAt = deps.clock.now();
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
        const { free, waitingFor } = await capacity(deps, watch, signal);
        if (closed.length > 0 || free) return { free: free && closed.length === 0, closed, waitingFor };
        await deps.clock.sleep(LOOK_EVERY_MS, signal);
      }
    },

    /** Stops and records a job whose workflow is closed although its record is open. Harmless for any other job. */
    async settleAbandoned(jobId: string): Promise<void> {
      await beating(deps.clock, () => settle(deps, jobId));
    },
  };
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

async function capacity(
  { ktrdr, log }: ActivityDeps,
  { kind, held, queued, mayGrant }: SlotWatch,
  signal: AbortSignal,
): Promise<{ free: boolean; waitingFor: string }> {
  if (queued.length === 0) return { free: false, waitingFor: "" };
  if (!mayGrant) return { free: false, waitingFor: "the job before it is starting" };
  // Data loads run inside KTRDR's API process: one at a time.
  if (kind === "data_load") return { free: held.length === 0, waitingFor: "another data load is running" };
  try {
    const workers = await registered(ktrdr, kind, signal);
    if (workers === "unreachable") return { free: false, waitingFor: "KTRDR does not answer" };
    const seen = await freeAmong(ktrdr, kind, workers, held.length, signal);
    if (!seen.free) return seen;
    // The shared view may be older than the job that has just ended: a grant on it would only earn a refusal.
    const now = await registered(ktrdr, kind, signal, 0);
    if (now === "unreachable") return { free: false, waitingFor: "KTRDR does not answer" };
    return await freeAmong(ktrdr, kind, now, held.length, signal);
  } catch (error) {
    signal.throwIfAborted();
    // The keeper must never die of an odd answer: it looks again.
    log.warn({ err: error, kind }, "cannot tell whether a worker is free");
    return { free: false, waitingFor: "KTRDR gives unusable answers about its workers" };
  }
}

/**
 * Free means: more healthy workers than jobs of ours, and every worker that the registry would pick really is idle.
 * After an API restart the registry calls computing workers available (contract §3.5), and whom it picks is not ours
 * to choose.
 */
async function freeAmong(
  ktrdr: ActivityDeps["ktrdr"],
  kind: SlotKind,
  workers: readonly KtrdrWorker[],
  held: number,
  signal: AbortSignal,
): Promise<{ free: boolean; waitingFor: string }> {
  const healthy = workers.filter(({ status }) => status !== "temporarily_unavailable");
  if (healthy.length === 0) return { free: false, waitingFor: `KTRDR has no healthy ${kind} worker` };
  const available = healthy.filter(({ status }) => status === "available");
  if (healthy.length <= held || available.length === 0) {
    return { free: false, waitingFor: `all ${healthy.length} ${kind} worker(s) of KTRDR are taken` };
  }
  for (const { endpointUrl } of available) {
    if (await isBusy(ktrdr, endpointUrl, signal)) {
      return { free: false, waitingFor: "a worker computes something that KTRDR's registry does not know" };
    }
  }
  return { free: true, waitingFor: "" };
}

/** A worker that we cannot reach ourselves is believed to be what the registry's health sweep says. */
async function isBusy(ktrdr: ActivityDeps["ktrdr"], endpoint: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await ktrdr.workers.at(endpoint).health(signal)).busy;
  } catch (error) {
    if (isDomainError(error)) return false;
    throw error;
  }
}
