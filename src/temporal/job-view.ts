import type { JobKind, JobOutcome, JobProgress } from "../domain/job.ts";

/** What Temporal knows about a job right now, by `describe` alone: true while every worker is down. */
export interface JobView {
  readonly jobId: string;
  readonly runId: string;
  readonly kind: JobKind;
  readonly execution: "running" | "completed" | "failed" | "cancelled" | "terminated" | "timed_out" | "paused";
  /** ISO-8601 UTC. */
  readonly startedAt: string;
  readonly closedAt: string | null;
  readonly requestHash: string;
  /** Which step is pending: null between steps and when closed. */
  readonly pending: {
    readonly activity: string;
    /** Attempts made; above 1 something failed before. */
    readonly attempt: number;
    readonly lastFailure: string | null;
    /** ISO-8601 UTC of the last heartbeat. */
    readonly lastHeartbeatAt: string | null;
    readonly progress: JobProgress | null;
    /** False while the step waits for a worker process of ours to take it. */
    readonly started: boolean;
  } | null;
  readonly cancelRequested: boolean;
  /** Set when closed and the outcome is readable. */
  readonly outcome: JobOutcome | null;
  readonly historyEvents: number;
}
