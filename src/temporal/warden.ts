import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from "@temporalio/client";
import { JOB_QUEUE } from "./job-types.ts";

const SCHEDULE_ID = "ktrdr-warden";

/** A warden looks for most of an hour (workflows/warden.ts). This is how soon another one follows, whatever ended the last. */
const EVERY = "30 seconds";

/**
 * Makes sure that the warden's schedule exists. It is Temporal's, not a process of ours: it goes on whichever worker
 * runs. Idempotent.
 */
export async function ensureWarden(client: Client): Promise<void> {
  try {
    const schedule = await client.schedule.create({
      scheduleId: SCHEDULE_ID,
      spec: { intervals: [{ every: EVERY }] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: "1 minute" },
      action: {
        type: "startWorkflow",
        workflowType: "warden",
        workflowId: "warden",
        taskQueue: JOB_QUEUE,
        args: [],
        workflowExecutionTimeout: "1 hour",
        staticSummary: "settles abandoned jobs and revives a terminated slot keeper",
      },
      memo: { purpose: "settles abandoned jobs and revives a terminated slot keeper" },
    });
    // The first one of a namespace has work: whatever an earlier namespace took along comes back at once. `triggerImmediately`
    // would start one that the schedule does not count as running.
    await schedule.trigger(ScheduleOverlapPolicy.SKIP);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
