/** Task queues. Workflows have one; waiting activities must never keep control activities from running. */
export const JOB_QUEUE = "ktrdr-jobs";
export const CONTROL_QUEUE = "ktrdr-control";
export const POLL_QUEUE = "ktrdr-poll";
