import type { Client } from "@temporalio/client";
import type { LiveJobState } from "../domain/job.ts";
import { slotKeeperId, type SlotState } from "../domain/slots.ts";
import { slotKindOf } from "./job-types.ts";

/** Asks the job, and while it queues its keeper as well. Null when no worker answered in time. Never throws. */
export async function liveState(client: Client, jobId: string, deadlineMs: number): Promise<LiveJobState | null> {
  try {
    return await client.connection.withDeadline(Date.now() + deadlineMs, async () => {
      const state = await client.workflow.getHandle(jobId).query<LiveJobState>("jobState");
      const kind = slotKindOf(jobId);
      if (state.phase !== "queued" || kind === null) return state;
      const keeper = await client.workflow.getHandle(slotKeeperId(kind)).query<SlotState>("slotState");
      const place = keeper.queue.indexOf(jobId);
      return { ...state, queuePosition: place === -1 ? null : place + 1, waitingFor: keeper.waitingFor || null };
    });
  } catch {
    return null;
  }
}
