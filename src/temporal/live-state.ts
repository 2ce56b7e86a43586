import type { Client } from "@temporalio/client";
import { LRUCache } from "lru-cache";
import type { LiveJobState } from "../domain/job.ts";
import type { SlotKind } from "../domain/kinds/index.ts";
import { slotKeeperId, type SlotState } from "../domain/slots.ts";
import { slotKindOf } from "../domain/kinds/index.ts";

export type LiveStates = (jobId: string, deadlineMs: number, historyEvents: number) => Promise<LiveJobState | null>;

/** How old a queue may be before the keeper is asked again. */
const QUEUE_AGE_MS = 1_000;

/**
 * Asks jobs what they are doing, and the keeper for their place. Null when no worker answered in time. Never throws.
 *
 * A queued job is not asked again while its history has not grown, because a granted slot is an event in it. Its place
 * may be up to a second old, so that a thousand waiting clients cost one query a second.
 * @param clock monotonic milliseconds
 */
export function createLiveStates(client: Client, clock: { now(): number } = performance): LiveStates {
  // Keeps the promise of the answer: callers meanwhile share it, so that a busy keeper is not asked by each of them.
  const queues = new LRUCache<SlotKind, Promise<SlotState>>({
    max: 3,
    ttl: QUEUE_AGE_MS,
    ttlResolution: 0,
    perf: clock,
  });
  const queuedSince = new LRUCache<string, { readonly historyEvents: number; readonly state: LiveJobState }>({
    max: 5_000,
  });

  const queueOf = async (kind: SlotKind): Promise<SlotState> => {
    const asked = queues.get(kind) ?? client.workflow.getHandle(slotKeeperId(kind)).query<SlotState>("slotState");
    if (!queues.has(kind)) queues.set(kind, asked);
    return await asked;
  };

  const ask = async (jobId: string, historyEvents: number): Promise<LiveJobState> => {
    const known = queuedSince.get(jobId);
    const state =
      known?.historyEvents === historyEvents
        ? known.state
        : await client.workflow.getHandle(jobId).query<LiveJobState>("jobState");
    const kind = slotKindOf(jobId);
    if (state.phase !== "queued" || kind === null) return state;
    const queue = await queueOf(kind);
    const place = queue.queue.indexOf(jobId);
    // Not in the queue (yet, or any more): nothing to remember.
    if (place === -1) return state;
    queuedSince.set(jobId, { historyEvents, state });
    return { ...state, queuePosition: place + 1, waitingFor: queue.waitingFor || null };
  };

  return async (jobId, deadlineMs, historyEvents) => {
    try {
      return await client.connection.withDeadline(Date.now() + deadlineMs, () => ask(jobId, historyEvents));
    } catch {
      return null;
    }
  };
}
