import { heartbeat } from "@temporalio/activity";
import type { Clock } from "./clock.ts";

const EVERY_MS = 3_000;

/**
 * Heartbeats while `work` runs, so that a killed worker is noticed in seconds even when KTRDR answers slowly.
 * @param details of the heartbeat; an empty one would erase the details of the one before
 */
export async function beating<T>(
  clock: Clock,
  work: () => Promise<T>,
  details: () => unknown = () => "working",
): Promise<T> {
  const over = new AbortController();
  const beats = beatUntil(clock, over.signal, details);
  try {
    return await work();
  } finally {
    over.abort();
    await beats;
  }
}

async function beatUntil(clock: Clock, signal: AbortSignal, details: () => unknown): Promise<void> {
  try {
    for (;;) {
      await clock.sleep(EVERY_MS, signal);
      heartbeat(details());
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
