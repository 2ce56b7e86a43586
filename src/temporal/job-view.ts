import type { SeenExecution } from "../domain/job-status.ts";

/** What Temporal knows about a job right now, by `describe` alone: true while every worker is down. */
export interface JobView extends SeenExecution {
  readonly jobId: string;
  readonly runId: string;
  /** ISO-8601 UTC. */
  readonly closedAt: string | null;
  readonly requestHash: string;
  /** Identity that started it (domain/identity.ts). */
  readonly client: string;
  readonly historyEvents: number;
}
