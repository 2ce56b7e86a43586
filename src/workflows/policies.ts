/**
 * Every time limit and retry policy of our activities, and why. Nothing else in the product sets one.
 *
 * - Two task queues beside the workflows' own: awaiting activities occupy a slot for hours, so everything that must
 *   happen now (starting, stopping, recording) has its own slots and can never queue behind them.
 * - Retries are unlimited in number: every deploy or crash of a worker uses up an attempt, and an outage of KTRDR or
 *   PostgreSQL must cost time, not the job. What cannot succeed by waiting is thrown as non-retryable (domain/errors.ts).
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
  // A start that was sent must not be abandoned half-way: cancellation is decided by the workflow between steps.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: "1 second", backoffCoefficient: 1.5, maximumInterval: "10 seconds" },
};

/** Short steps; each is idempotent. */
export const { admitJob, startComputation, recordOutcome, closeExecution, prepareItem } =
  proxyActivities<Activities>(control);

/** A round that is held up (by a computation that cannot be stopped, say) makes way for the next look at everything. */
export const { tendJobs } = proxyActivities<Activities>({ ...control, startToCloseTimeout: "1 minute" });

/** What succeeds in milliseconds nearly always costs one history event as a local activity, instead of six. */
export const { admitJob: admitJobQuickly, prepareItem: prepareItemQuickly } = proxyLocalActivities<Activities>({
  startToCloseTimeout: "4 seconds",
  scheduleToCloseTimeout: "5 seconds",
  retry: { maximumAttempts: 2 },
});

/** Somebody sits in front of the screen and waits: what does not go at once is told, not tried again. */
const errand: ActivityOptions = { startToCloseTimeout: "5 seconds", retry: { maximumAttempts: 1 } };
export const { makeRound } = proxyActivities<Activities>({ ...errand, taskQueue: CONTROL_QUEUE });
export const { waitForNothing } = proxyActivities<Activities>({ ...errand, taskQueue: POLL_QUEUE });

/** Stopping goes on until the computing is proven over, however long KTRDR is away. */
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
