import { WorkflowNotFoundError, type Client } from "@temporalio/client";

export type Execution = "open" | "completed" | "failed" | "cancelled" | "terminated" | "unknown";

/** Whether a job's workflow is open, and how it closed if not. `unknown`: Temporal has no such workflow (any more). */
export function createExecutions(client: Client) {
  return {
    of: async (jobId: string): Promise<Execution> => {
      try {
        const { status } = await client.workflow.getHandle(jobId).describe();
        return EXECUTION[status.name] ?? "open";
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return "unknown";
        throw error;
      }
    },
  };
}

const EXECUTION: Readonly<Record<string, Execution>> = {
  COMPLETED: "completed",
  FAILED: "failed",
  TIMED_OUT: "failed",
  CANCELLED: "cancelled",
  TERMINATED: "terminated",
};
