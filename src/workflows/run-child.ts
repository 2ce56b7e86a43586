/** A job that is a part of another one: it is started, or waited for when somebody else started it. */
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  ChildWorkflowFailure,
  ParentClosePolicy,
  executeChild,
  isCancellation,
} from "@temporalio/workflow";
import { WorkflowExecutionAlreadyStartedError } from "@temporalio/common";
import type { PreparedJob } from "../activities/chosen-job.ts";
import type { JobInput } from "../domain/job.ts";
import type { FinalStatus, JobFailure, JobOutcome } from "../domain/outcome.ts";
import { failureOf } from "./failure.ts";
import { awaitOther } from "./policies.ts";

/**
 * How the job ended. A failure is no error: the others go on.
 * @throws the cancellation of the whole
 */
export async function runChild(
  prepared: PreparedJob,
  failed: (jobId: string, failure: JobFailure) => JobOutcome,
): Promise<JobOutcome> {
  if (prepared.finished !== null) return prepared.finished;
  const { jobId } = prepared.input;
  try {
    return await start(prepared);
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return await awaitOther(jobId);
    // The whole was cancelled, not one of its jobs.
    if (CancellationScope.current().consideredCancelled) throw error;
    if (!(error instanceof ChildWorkflowFailure)) throw error;
    return isCancellation(error) ? endedAs(jobId, "cancelled") : failed(jobId, failureOf(error.cause));
  }
}

type JobWorkflow = (input: JobInput) => Promise<JobOutcome>;

async function start({ input, workflow, labels: { searchAttributes, ...labels } }: PreparedJob): Promise<JobOutcome> {
  const options = {
    workflowId: input.jobId,
    workflowIdReusePolicy: "REJECT_DUPLICATE" as const,
    // Who terminates the whole must not leave jobs behind that nobody waits for.
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    typedSearchAttributes: searchAttributes,
    ...labels,
  };
  return await executeChild<JobWorkflow>(workflow, { ...options, args: [input] });
}

export const endedAs = (jobId: string, status: FinalStatus): JobOutcome => {
  return { jobId, status, failure: null, partial: null, faultsSeen: [], operationIds: [], headline: status };
};
