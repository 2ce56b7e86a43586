/** Task queues: of workflows, of short activities, and of waiting activities, which must never hold up the short ones. */
export const JOB_QUEUE = "ktrdr-jobs";
export const CONTROL_QUEUE = "ktrdr-control";
export const POLL_QUEUE = "ktrdr-poll";
