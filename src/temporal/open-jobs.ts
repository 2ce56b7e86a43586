import type { Client } from "@temporalio/client";
import type { JobKind } from "../domain/kinds/index.ts";
import { KINDS } from "../domain/kinds/index.ts";

export interface OpenJob {
  readonly jobId: string;
  readonly kind: JobKind;
  readonly strategy: string | null;
  /** Who asked for it; null when the workflow does not tell. */
  readonly client: string | null;
  /** ISO-8601 UTC. */
  readonly startedAt: string;
}

const TYPES = KINDS.map(({ workflow }) => workflow)
  .map((type) => `"${type}"`)
  .join(", ");

/** Reads Temporal's list, which lags behind and is rate-limited by the server, so callers cache it. */
export async function openJobs(client: Client, limit: number): Promise<OpenJob[]> {
  const jobs: OpenJob[] = [];
  const query = `WorkflowType IN (${TYPES}) AND ExecutionStatus IN ("Running", "Paused")`;
  for await (const execution of client.workflow.list({ query, pageSize: Math.min(limit, 200) })) {
    const kind = execution.memo?.["kind"];
    const client = execution.memo?.["client"];
    const strategy = execution.searchAttributes["KtrdrStrategy"]?.[0];
    jobs.push({
      jobId: execution.workflowId,
      kind: kind as JobKind,
      strategy: typeof strategy === "string" ? strategy : null,
      client: typeof client === "string" ? client : null,
      startedAt: execution.startTime.toISOString(),
    });
    if (jobs.length >= limit) break;
  }
  return jobs;
}
