import { patched, sleep } from "@temporalio/workflow";
import { tendJobs } from "./policies.ts";

/** How often it looks: a job that an operator terminated shall be noticed within a minute. */
const EVERY_MS = 30_000;
/** Long, because each run is a row in Temporal's lists; well within the limit that its schedule sets. */
const LASTS_MS = 50 * 60_000;

/**
 * Looks every 30 seconds for most of an hour. Its schedule starts nothing while a warden runs; when one ends, however
 * it ends, the schedule starts the next (temporal/warden.ts).
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
