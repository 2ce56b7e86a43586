/** Addresses in Temporal's Web UI. */

/** Shows jobs only, without slot keepers and wardens. */
const JOBS = "KtrdrKind IS NOT NULL";

const workflowsIn = (ui: string, namespace: string): string =>
  `${ui.replace(/\/+$/, "")}/namespaces/${encodeURIComponent(namespace)}/workflows`;

/** The list of all jobs. */
export const jobsInWebUi = (ui: string, namespace: string): string =>
  `${workflowsIn(ui, namespace)}?query=${encodeURIComponent(JOBS)}`;

export const jobInWebUi = (ui: string, namespace: string, jobId: string): string =>
  `${workflowsIn(ui, namespace)}/${encodeURIComponent(jobId)}`;
