import { setInterval } from "node:timers/promises";
import { heartbeat } from "@temporalio/activity";

/** Heartbeats while `work` runs, so that a killed worker is noticed in seconds even when KTRDR takes its time. */
export async function beating<T>(work: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  const beats = beatUntil(over.signal);
  try {
    return await work();
  } finally {
    over.abort();
    await beats;
  }
}

async function beatUntil(signal: AbortSignal): Promise<void> {
  try {
    heartbeat("working"); // never without an argument: that would erase the details
    for await (const _ of setInterval(3_000, undefined, { signal })) heartbeat("working");
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
