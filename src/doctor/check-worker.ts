import type { Client, Connection } from "@temporalio/client";
import { errorText } from "../error-text.ts";
import { pollersOf } from "../temporal/pollers.ts";
import { fine, found, type Finding } from "./finding.ts";
import { within } from "./within.ts";

/** Temporal lists a poller for minutes after its death; a living one was seen within one long poll. */
const SEEN_WITHIN_MS = 70_000;
const REMEDY = { fix: "bin/ktrdr-mcp worker", note: "make lab runs one, too." };

/** Checks whether a worker polls each of our task queues. */
export async function checkWorker(client: Client): Promise<Finding> {
  try {
    const since = Date.now() - SEEN_WITHIN_MS;
    const queues = await within(pollersOf(client.connection as Connection, client.options.namespace, { since }));
    const idle = queues.filter(({ pollers }) => pollers === 0).map(({ queue }) => queue);
    if (idle.length > 0) {
      const detail = `nobody polls ${idle.join(", ")}: jobs wait, status and results still work`;
      return found("Worker", "worker_missing", detail, REMEDY);
    }
    return fine("Worker", queues.map(({ queue, pollers }) => `${pollers} on ${queue}`).join(", "));
  } catch (error) {
    return found("Worker", "worker_missing", errorText(error), REMEDY);
  }
}
