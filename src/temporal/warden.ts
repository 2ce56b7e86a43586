import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from "@temporalio/client";
import { WARDEN_IS } from "../domain/workflow-details.ts";
import { JOB_QUEUE } from "./job-types.ts";

const SCHEDULE_ID = "ktrdr-warden";

/** A warden looks for most of an hour (workflows/warden.ts). Within this time of its end the next one starts. */
const EVERY = "30 seconds";

/**
 * Makes sure that the warden's schedule exists. Temporal runs it, so it does not depend on any one worker. Idempotent.
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
        staticDetails: WARDEN_IS,
      },
      memo: { purpose: "settles abandoned jobs and revives a terminated slot keeper" },
    });
    // In a new namespace the first warden starts again the jobs that an earlier one lost: it must not wait. The
    // schedule would not count a warden of `triggerImmediately` as running.
    await schedule.trigger(ScheduleOverlapPolicy.SKIP);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
