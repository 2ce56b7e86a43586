import type { ActivityDeps } from "./deps.ts";

export function closeActivities({ executions }: ActivityDeps) {
  return {
    /** Has Temporal end the job's own workflow as its record says it ended. Harmless when it has ended. */
    async closeExecution(jobId: string, as: "cancelled" | "terminated"): Promise<void> {
      await executions.close(jobId, as);
    },
  };
}
