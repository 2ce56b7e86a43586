import type { Config } from "../config.ts";
import type { JobSettings } from "../domain/job.ts";

/** The settings that a job keeps from its start to its end. */
export const jobSettingsOf = (config: Config): JobSettings => ({
  pollIntervalMs: config.KTRDR_POLL_INTERVAL_MS,
  stallAfterMs: config.JOB_STALL_AFTER_MS,
  stallFailAfterMs: config.JOB_STALL_FAIL_AFTER_MS,
  maxComputations: config.JOB_MAX_COMPUTATIONS,
  notFoundGraceMs: config.KTRDR_NOT_FOUND_GRACE_MS,
  deadGraceMs: config.KTRDR_DEAD_GRACE_MS,
  startInFlightMs: config.KTRDR_START_IN_FLIGHT_MS,
});
