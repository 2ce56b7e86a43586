import { detail } from "../http/errors.ts";
import { isFinished, wireNow, wireNowOffset } from "../state/operation.ts";
import type { ApiContext } from "./context.ts";

/** `data` of a cancellation's answer (docs/ktrdr.md §2.10). */
export interface Cancellation {
  success: true;
  operation_id: string;
  status: "cancelled";
  cancelled_at: string;
  cancellation_reason: string | null;
  task_cancelled: boolean;
  /** False: no worker was told, the computing goes on. */
  remote_cancelled: boolean;
  children_cancelled: string[];
}

/**
 * Tells the worker, if the API still knows which one it is, then marks the row. Answers before the computing has
 * stopped. 404: the operation is unknown. 400: it is already finished in the API's view.
 */
export async function cancelOperation(api: ApiContext, id: string, reason: string | null): Promise<Cancellation> {
  const operation = await api.view.known(id);
  if (operation === undefined) throw detail(404, `Operation not found: ${id}`);
  api.log.write("request", id, operation.operation_type, "cancel");
  if (isFinished(operation.status)) {
    throw detail(
      400,
      `Operation ${id} cannot be cancelled (status: OperationStatus.${operation.status.toUpperCase()})`,
    );
  }
  const local = api.localRuns.get(id);
  local?.abort();
  const remoteCancelled = await tellWorker(api, id, operation.operation_type, reason);
  const change = {
    status: "cancelled" as const,
    completed_at: wireNow(),
    error_message: reason ?? "Operation cancelled by user",
  };
  const row = api.database.updateOperation(id, change);
  api.view.dropProxy(id);
  // An operation without a row was only in memory. It is gone for good.
  if (row === undefined) api.view.forget(id);
  else api.view.adoptRow(row);
  return {
    success: true,
    operation_id: id,
    status: "cancelled",
    cancelled_at: wireNowOffset(),
    cancellation_reason: reason,
    task_cancelled: local !== undefined,
    remote_cancelled: remoteCancelled,
    children_cancelled: [],
  };
}

async function tellWorker(api: ApiContext, id: string, kind: string, reason: string | null): Promise<boolean> {
  const endpointUrl = api.view.proxy(id);
  if (endpointUrl === undefined || api.faults.find("cancel_not_forwarded", { operationId: id, kind }) !== undefined) {
    return false;
  }
  return api.workers.cancel(endpointUrl, id, reason).catch(() => false);
}
