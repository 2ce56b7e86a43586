/**
 * Every time limit and retry policy of our activities, and why. They are set here only.
 *
 * - Activities have two task queues: one that awaits a computation occupies its slot for hours, so what must happen now
 *   (starting, stopping, recording) has a queue of its own and never waits behind it.
 * - Retries are unlimited in number: every deploy or crash of a worker uses up an attempt, and an outage of KTRDR or
 *   PostgreSQL must cost time, not the job. What cannot succeed by waiting is thrown as non-retryable
 *   (domain/errors.ts).
 * - Heartbeat timeout 10 s: the slots keep the number of jobs in flight small, so noticing a killed worker quickly is
 *   worth more than fewer heartbeats.
 */
import {
  ActivityCancellationType,
  proxyActivities,
  proxyLocalActivities,
  type ActivityOptions,
} from "@temporalio/workflow";
import type { Activities } from "../activities/activities.ts";
import { CONTROL_QUEUE, POLL_QUEUE } from "./queues.ts";

const control: ActivityOptions = {
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: "5 minutes",
  heartbeatTimeout: "10 seconds",
  // A start that was sent must not be abandoned half-way: the workflow handles a cancellation between steps.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: "1 second", backoffCoefficient: 1.5, maximumInterval: "10 seconds" },
};

/** Short steps; each is idempotent. */
export const {
  admitJob,
  startComputation,
  recordOutcome,
  closeExecution,
  prepareItem,
  planCampaign,
  prepareCampaignRun,
  settleCandidate,
  nextWatch,
  noteWatch,
} = proxyActivities<Activities>(control);

/** A round that is held up (by a computation that cannot be stopped, say) ends, so that the next one can begin. */
export const { tendJobs } = proxyActivities<Activities>({ ...control, startToCloseTimeout: "1 minute" });

/** Nearly always done in milliseconds: a local activity costs one history event instead of six. */
export const {
  admitJob: admitJobQuickly,
  prepareItem: prepareItemQuickly,
  prepareCampaignRun: prepareCampaignRunQuickly,
} = proxyLocalActivities<Activities>({
  startToCloseTimeout: "4 seconds",
  scheduleToCloseTimeout: "5 seconds",
  retry: { maximumAttempts: 2 },
});

/** Somebody waits for the doctor's answer: a failure is told at once, not retried. */
const errand: ActivityOptions = { startToCloseTimeout: "5 seconds", retry: { maximumAttempts: 1 } };
export const { makeRound } = proxyActivities<Activities>({ ...errand, taskQueue: CONTROL_QUEUE });
export const { waitForNothing } = proxyActivities<Activities>({ ...errand, taskQueue: POLL_QUEUE });

/** Stopping goes on until the computing is proven to be over, however long KTRDR is away. */
export const { stopComputation, settleAbandoned } = proxyActivities<Activities>({
  ...control,
  startToCloseTimeout: "24 hours",
});

/**
 * Waiting lasts as long as the computing. TRY_CANCEL: the workflow reacts to a cancellation at once instead of after
 * the next heartbeat; the abandoned poll ends by itself and never stops anything.
 */
export const { awaitComputation, watchSlots, awaitOther } = proxyActivities<Activities>({
  taskQueue: POLL_QUEUE,
  startToCloseTimeout: "7 days",
  heartbeatTimeout: "10 seconds",
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: "1 second", backoffCoefficient: 2, maximumInterval: "10 seconds" },
});
