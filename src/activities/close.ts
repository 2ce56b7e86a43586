import type { ActivityDeps } from "./deps.ts";

export function closeActivities({ executions }: ActivityDeps) {
  return {
    /** Ends the job's workflow in Temporal the way its record says. Harmless when the workflow has ended. */
    async closeExecution(jobId: string, as: "cancelled" | "terminated"): Promise<void> {
      await executions.close(jobId, as);
    },
  };
}
