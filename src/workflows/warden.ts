import { tendJobs } from "./policies.ts";

/** One round; a Temporal schedule starts it twice a minute (temporal/warden.ts). */
export async function warden(): Promise<void> {
  await tendJobs();
}
