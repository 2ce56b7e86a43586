import type { Client, Connection, WorkflowStartOptions } from "@temporalio/client";
import { TypedSearchAttributes } from "@temporalio/common";
import type { JobInput } from "../domain/job.ts";
import { oneLine } from "../domain/plain-text.ts";
import { kindOf } from "../domain/kinds/index.ts";
import { detailsOf, JOB_QUEUE } from "./job-types.ts";
import {
  isAttributeRefused,
  SEARCH_ATTRIBUTES,
  searchAttributesOf,
  searchAttributesThere,
} from "./search-attributes.ts";

/** Which of our search attributes a namespace has, when it lacks some. */
const usableIn = new WeakMap<Client, readonly string[]>();

/**
 * Starts a job's workflow, without the search attributes that the namespace refuses.
 * @throws the error of the client.
 */
export async function startJob(client: Client, input: JobInput, experimentId: string | null): Promise<void> {
  const start = async () => {
    const options = startOptionsOf(input, experimentId, usableIn.get(client));
    await client.workflow.start(kindOf(input.request.kind).workflow, options);
  };
  try {
    await start();
  } catch (error) {
    if (!isAttributeRefused(error)) throw error;
    const { usable } = await searchAttributesThere(client.connection as Connection, client.options.namespace);
    usableIn.set(client, usable);
    await start();
  }
}

/** How a job's workflow is started. Temporal refuses to start an id again, whether it runs or has finished. */
function startOptionsOf(input: JobInput, experimentId: string | null, usable?: readonly string[]) {
  const { jobId } = input;
  const { searchAttributes, ...labels } = labelsOf(input, experimentId, usable);
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
export function labelsOf(
  input: Omit<JobInput, "settings">,
  experimentId: string | null = null,
  usable: readonly string[] = SEARCH_ATTRIBUTES,
) {
  const { request, requestHash, client, forceReason } = input;
  return {
    memo: { requestHash, kind: request.kind, client },
    searchAttributes: searchAttributesOf(input, experimentId).filter(({ key }) => usable.includes(key.name)),
    staticSummary: oneLine(kindOf(request.kind).summary(request)),
    staticDetails: detailsOf(request, { client, forceReason, experimentId }),
  };
}
