import { ApplicationFailure, CancellationScope, condition } from "@temporalio/workflow";
import type { JobOutcome } from "../domain/outcome.ts";
import { closeExecution } from "./policies.ts";

/**
 * Ends the workflow the way the job's record says, so that Temporal and the record never disagree. A workflow that was
 * reset, or that was too late, finds an outcome that is not its own.
 * @returns only for a job that completed; for all others it throws, or Temporal closes the workflow
 */
export async function closeAs(outcome: JobOutcome): Promise<JobOutcome> {
  const { jobId, status, failure, headline } = outcome;
  if (status === "completed") return outcome;
  if (status === "failed") {
    throw ApplicationFailure.create({
      message: failure?.what ?? headline,
      type: failure?.code ?? "internal",
      nonRetryable: true,
      details: [outcome],
    });
  }
  // Only Temporal can cancel or terminate: an activity asks for it, and this wait ends with the workflow.
  await CancellationScope.nonCancellable(() => closeExecution(jobId, status));
  await condition(() => false);
  return outcome;
}
