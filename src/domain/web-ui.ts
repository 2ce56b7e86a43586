/** Addresses in Temporal's Web UI. */

/** Shows jobs only: slot keepers and wardens would be most of the list. */
const JOBS = "KtrdrKind IS NOT NULL";

/** @param ui its address, without a trailing slash */
export const jobsInWebUi = (ui: string, namespace: string): string =>
  `${ui}/namespaces/${encodeURIComponent(namespace)}/workflows?query=${encodeURIComponent(JOBS)}`;

export const jobInWebUi = (ui: string, namespace: string, jobId: string): string =>
  `${ui}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(jobId)}`;
