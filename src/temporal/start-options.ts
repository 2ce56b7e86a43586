import type { WorkflowStartOptions } from "@temporalio/client";
import { TypedSearchAttributes } from "@temporalio/common";
import type { JobInput } from "../domain/job.ts";
import { detailsOf, JOB_QUEUE, summaryOf } from "./job-types.ts";
import { searchAttributesOf } from "./search-attributes.ts";

/** How a job's workflow is started. One request, one job: neither a running nor a finished one is ever started again. */
export function startOptionsOf(input: JobInput, experimentId: string | null = null) {
  const { jobId } = input;
  const { searchAttributes, ...labels } = labelsOf(input, experimentId);
  return {
    workflowId: jobId,
    taskQueue: JOB_QUEUE,
    args: [input],
    workflowIdReusePolicy: "REJECT_DUPLICATE",
    workflowIdConflictPolicy: "FAIL",
    typedSearchAttributes: new TypedSearchAttributes(searchAttributes),
    ...labels,
  } satisfies WorkflowStartOptions;
}

/** What operators see of a job's workflow, as plain data. */
export function labelsOf(input: Omit<JobInput, "settings">, experimentId: string | null = null) {
  const { request, requestHash, client, forceReason } = input;
  return {
    memo: { requestHash, kind: request.kind, client },
    searchAttributes: searchAttributesOf(input, experimentId),
    staticSummary: summaryOf(request),
    staticDetails: detailsOf(request, { client, forceReason, experimentId }),
  };
}
