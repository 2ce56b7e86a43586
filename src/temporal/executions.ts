import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, type Client } from "@temporalio/client";
import { DomainError } from "../domain/errors.ts";
import type { JobInput, JobSettings } from "../domain/job.ts";
import { isNamespaceMissing } from "./connection.ts";
import { forgetEnded } from "./forget-ended.ts";
import { describeNamespace } from "./namespace.ts";
import { startJob } from "./start-options.ts";

export type Execution = "open" | "completed" | "failed" | "cancelled" | "terminated" | "unknown";

/**
 * The workflows of jobs, and the namespace they run in.
 * @param settings for jobs that are started again, because the record does not have theirs
 */
export function createExecutions(client: Client, settings: JobSettings) {
  return {
    /** Whether a job's workflow is open, and how it closed if not. `unknown`: there is no such workflow (any more). */
    of: async (jobId: string): Promise<Execution> => {
      try {
        const { status } = await client.workflow.getHandle(jobId).describe();
        return EXECUTION[status.name] ?? "open";
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return "unknown";
        throw error;
      }
    },
    /**
     * The id that the server gave to the namespace. A namespace that is made again has another id.
     * @throws DomainError `temporal_unavailable` while it is being deleted
     */
    namespaceId: async (): Promise<string> => {
      const { namespace } = client.options;
      const { id, registered } = await describeNamespace(client, { namespace });
      if (registered) return id;
      throw new DomainError("temporal_unavailable", { what: `Temporal is deleting the namespace ${namespace}.` });
    },
    /** Whether a namespace of this id is in use on the server. */
    namespaceLives: async (id: string): Promise<boolean> => {
      try {
        return (await describeNamespace(client, { id })).registered;
      } catch (error) {
        if (isNamespaceMissing(error)) return false;
        throw error;
      }
    },
    /** Ends the workflow of a job. Harmless when it has ended or never existed. */
    close: async (jobId: string, as: "cancelled" | "terminated"): Promise<void> => {
      const handle = client.workflow.getHandle(jobId);
      try {
        if (as === "cancelled") await handle.cancel();
        else await handle.terminate(`the job ${jobId} was terminated before, and has its record`);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
    /** Deletes wardens and keepers that ended before this time and as they should. */
    forgetEnded: async (before: Date): Promise<void> => await forgetEnded(client, before),
    /** Starts a job's workflow again. Harmless when somebody else was quicker. */
    startAgain: async (job: Omit<JobInput, "settings">, experimentId: string | null): Promise<void> => {
      try {
        await startJob(client, { ...job, settings }, experimentId);
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
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
