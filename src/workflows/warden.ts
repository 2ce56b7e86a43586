import { patched, sleep } from "@temporalio/workflow";
import { tendJobs } from "./policies.ts";

/** How often it looks: a job that an operator terminated shall be noticed within a minute. */
const EVERY_MS = 30_000;
/** A run is a row in Temporal's lists: few of them, and well within the limit that its schedule sets. */
const LASTS_MS = 50 * 60_000;

/**
 * Looks again and again for most of an hour. Its schedule finds it running and starts nothing; when it ends, in whatever way,
 * the schedule starts the next (temporal/warden.ts).
 */
export async function warden(): Promise<void> {
  const until = Date.now() + LASTS_MS;
  await tendJobs();
  if (!patched("long-rounds")) return;
  while (Date.now() < until) {
    await sleep(EVERY_MS);
    await tendJobs();
  }
}
