import type { Client } from "@temporalio/client";
import { errorText } from "../error-text.ts";
import { isPolled, POLL_LASTS_MS, pollersOf } from "../temporal/pollers.ts";
import { fine, found, type Finding } from "./finding.ts";
import { within } from "../within.ts";

const REMEDY = { fix: "bin/ktrdr-mcp worker", note: "make lab runs one, too." };

/** Checks whether a worker polls each of our task queues. */
export async function checkWorker(client: Client, patienceMs: number): Promise<Finding> {
  try {
    const since = Date.now() - POLL_LASTS_MS;
    const [polled, queues] = await within(
      Promise.all([isPolled(client), pollersOf(client.connection, client.options.namespace, { since })]),
      patienceMs,
    );
    if (!polled) {
      const idle = queues.filter(({ pollers }) => pollers === 0).map(({ queue }) => queue);
      const detail = `nobody polls ${idle.join(", ")}: jobs wait, status and results still work`;
      return found("Worker", "worker_missing", detail, REMEDY);
    }
    return fine("Worker", queues.map(({ queue, pollers }) => `${pollers} on ${queue}`).join(", "));
  } catch (error) {
    return found("Worker", "worker_missing", errorText(error), REMEDY);
  }
}
