import { heartbeat } from "@temporalio/activity";
import type { Clock } from "./clock.ts";

const EVERY_MS = 3_000;
/** While nothing is done but waiting. With the first beat of the work that follows it stays within the timeout of 10 s. */
export const WAITING_MS = 6_000;

/**
 * Heartbeats while `work` runs, so that a killed worker is noticed in seconds even when KTRDR answers slowly.
 * @param details of the heartbeat; an empty one would erase the details of the one before
 */
export async function beating<T>(
  clock: Clock,
  work: () => Promise<T>,
  details: () => unknown = () => "working",
  everyMs = EVERY_MS,
): Promise<T> {
  const over = new AbortController();
  const beats = beatUntil(clock, over.signal, details, everyMs);
  try {
    return await work();
  } finally {
    over.abort();
    await beats;
  }
}

async function beatUntil(clock: Clock, signal: AbortSignal, details: () => unknown, everyMs: number): Promise<void> {
  try {
    for (;;) {
      await clock.sleep(everyMs, signal);
      heartbeat(details());
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
