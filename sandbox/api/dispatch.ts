import { detail, HttpError } from "../http/errors.ts";
import type { JobKind } from "../state/operation.ts";
import type { ApiContext } from "./context.ts";
import type { WorkerEntry } from "./worker-registry.ts";

/** A worker that the registry believes to be free, or E4 with status 503. */
export function requireWorker(api: ApiContext, kind: JobKind): WorkerEntry {
  const worker = api.registry.select(kind);
  if (worker !== undefined) return worker;
  throw new HttpError(503, {
    detail: {
      error: `No ${kind} workers available`,
      worker_type: kind,
      registered_workers: api.registry.list().filter((one) => one.worker_type === kind).length,
      backend_uptime_seconds: Math.round(process.uptime() * 10) / 10,
      hint: "Workers auto-register after startup. Retry in a few seconds, or check worker container logs.",
    },
  });
}

/**
 * Posts the job to the worker, then marks the worker busy and remembers which one to ask. Between selection and mark
 * another start can choose the same worker, and a worker never refuses (docs/ktrdr.md §2.11).
 */
export async function dispatch(
  api: ApiContext,
  worker: WorkerEntry,
  path: string,
  body: { task_id: string },
  failure: string,
): Promise<void> {
  try {
    await api.workers.post(worker.endpoint_url, path, body);
  } catch (error) {
    throw detail(500, `${failure}: ${error instanceof Error ? error.message : String(error)}`);
  }
  api.registry.markBusy(worker.worker_id, body.task_id);
  api.view.setProxy(body.task_id, worker.endpoint_url);
}
