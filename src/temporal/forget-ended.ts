import type { Client } from "@temporalio/client";
import { JOB_QUEUE } from "./job-types.ts";

/** An old namespace has a thousand of them: each call takes some. */
const MOST = 50;
const WITHIN_MS = 10_000;

/**
 * Deletes wardens and slot keepers that came to their end before this time: they would be most of what an operator sees in
 * Temporal's list. Those that failed, ran out of time, or were cancelled or terminated stay, because they explain something.
 * Each is deleted by the id of its run, so that a keeper which lives under the same name is never touched; and only of our
 * task queue, because a namespace may be shared.
 * @throws the error of the client when the server does not list, does not delete, or is not done in time
 */
export async function forgetEnded(client: Client, before: Date): Promise<void> {
  const { namespace } = client.options;
  const query = [
    "WorkflowType IN ('warden', 'slotKeeper')",
    `TaskQueue = '${JOB_QUEUE}'`,
    "ExecutionStatus IN ('Completed', 'ContinuedAsNew')",
    `CloseTime < '${before.toISOString()}'`,
  ].join(" AND ");
  await client.connection.withDeadline(Date.now() + WITHIN_MS, async () => {
    const { executions } = await client.workflowService.listWorkflowExecutions({ namespace, query, pageSize: MOST });
    for (const { execution: workflowExecution } of executions) {
      // Without a run's id the server would delete the newest, and end it for that.
      if (!workflowExecution?.runId) continue;
      await client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution }).catch(unlessGone);
    }
  });
}

/** Temporal's list lags: what it shows may be deleted already. */
function unlessGone(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === NOT_FOUND)) throw error;
}

/** gRPC status. */
const NOT_FOUND = 5;
