import { patched, setCurrentDetails, sleep } from "@temporalio/workflow";
import { wardenDetails } from "../domain/workflow-details.ts";
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
  setCurrentDetails(wardenDetails(0, null));
  await tendJobs();
  if (!patched("long-rounds")) return;
  for (let looks = 1; ; looks += 1) {
    setCurrentDetails(wardenDetails(looks, new Date().toISOString()));
    if (Date.now() >= until) return;
    await sleep(EVERY_MS);
    await tendJobs();
  }
}
