import type { Operation } from "../state/operation.ts";

/** What the API asks of a worker over HTTP; every call fails (rejects) when the worker cannot be reached in time. */
export interface WorkerClient {
  operation(endpointUrl: string, id: string): Promise<Operation | undefined>;
  /** The worker's `[epochs, count]` pair (docs/ktrdr.md §2.10). */
  metrics(endpointUrl: string, id: string): Promise<unknown[]>;
  /** True when the worker says that it cancelled the operation. */
  cancel(endpointUrl: string, id: string, reason: string | null): Promise<boolean>;
  /** Rejects unless the worker accepted. */
  post(endpointUrl: string, path: string, body: unknown): Promise<void>;
}

export function createWorkerClient(timeoutMs: number): WorkerClient {
  const call = (url: string, init: RequestInit = {}): Promise<Response> =>
    fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
  const operationUrl = (endpointUrl: string, id: string): string =>
    `${endpointUrl}/api/v1/operations/${encodeURIComponent(id)}`;
  return {
    async operation(endpointUrl, id) {
      const response = await call(operationUrl(endpointUrl, id));
      if (response.status === 404) return undefined;
      if (!response.ok) throw new Error(`worker answered ${response.status}`);
      return ((await response.json()) as { data: Operation }).data;
    },
    async metrics(endpointUrl, id) {
      const response = await call(`${operationUrl(endpointUrl, id)}/metrics`);
      if (!response.ok) throw new Error(`worker answered ${response.status}`);
      return ((await response.json()) as { data: { metrics: unknown[] } }).data.metrics;
    },
    async cancel(endpointUrl, id, reason) {
      const query = reason === null ? "" : `?${new URLSearchParams({ reason }).toString()}`;
      const response = await call(`${operationUrl(endpointUrl, id)}/cancel${query}`, { method: "DELETE" });
      if (!response.ok) return false;
      return ((await response.json()) as { data: { success: boolean } }).data.success;
    },
    async post(endpointUrl, path, body) {
      const response = await call(`${endpointUrl}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new WorkerRefusal(response.status, await response.text());
    },
  };
}

/** The worker answered, but not with success. */
export class WorkerRefusal extends Error {
  constructor(status: number, text: string) {
    super(`Worker answered ${status}: ${text}`);
    this.name = "WorkerRefusal";
  }
}
