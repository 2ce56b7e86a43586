import { ApplicationFailure, CancellationScope, condition } from "@temporalio/workflow";
import type { JobOutcome } from "../domain/outcome.ts";
import { closeExecution } from "./policies.ts";

/**
 * Ends the workflow in the way its record says the job ended, so that Temporal and the record never disagree: a workflow
 * that was reset, or that somebody was quicker than, finds an outcome that is not its own.
 * @returns for a job that completed; all others reject, or are closed from outside.
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
  // Only Temporal can cancel or terminate: asked by an activity, it ends the waiting.
  await CancellationScope.nonCancellable(() => closeExecution(jobId, status));
  await condition(() => false);
  return outcome;
}
