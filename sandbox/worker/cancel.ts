import { setTimeout as wait } from "node:timers/promises";
import type { Operation } from "../state/operation.ts";
import { emptyProgress, isFinished, wireNow, wireNowOffset } from "../state/operation.ts";
import type { WorkerContext } from "./context.ts";

/** The answer waits this long for the computing to stop. So the checkpoint is usually there when the answer comes. */
const STOP_PATIENCE_MS = 250;

/**
 * Stops an operation at the worker itself. A finished one answers `success: false`, still under HTTP 200
 * (recording 14). Undefined: unknown operation.
 */
export async function cancelAtWorker(
  worker: WorkerContext,
  id: string,
  reason: string | null,
): Promise<Record<string, unknown> | undefined> {
  const operation = worker.memory.read(id);
  if (operation === undefined) return undefined;
  if (isFinished(operation.status)) {
    const status = `OperationStatus.${operation.status.toUpperCase()}`;
    return { success: false, error: `Operation ${id} is already finished (status: ${status})` };
  }
  worker.log.write("cancel", id, operation.operation_type, reason ?? "");
  const message = reason ?? "Operation cancelled by user";
  worker.database.updateOperation(id, { status: "cancelled", completed_at: wireNow(), error_message: message });
  await stopComputing(worker, operation, message);
  return {
    success: true,
    operation_id: id,
    status: "cancelled",
    cancelled_at: wireNowOffset(),
    cancellation_reason: reason,
    task_cancelled: false,
    remote_cancelled: false,
    children_cancelled: [],
  };
}

async function stopComputing(worker: WorkerContext, operation: Operation, message: string): Promise<void> {
  const id = operation.operation_id;
  const computation = worker.memory.computation(id);
  if (computation === undefined) {
    worker.memory.forgetCopy(id);
    return;
  }
  const place = { operationId: id, kind: operation.operation_type };
  if (worker.faults.find("worker_ignores_cancel", place) !== undefined) return;
  operation.status = "cancelled";
  operation.completed_at = wireNow();
  operation.error_message = message;
  operation.progress = emptyProgress();
  operation.metrics = null;
  computation.controller.abort();
  await Promise.race([computation.ended.promise, wait(STOP_PATIENCE_MS)]);
}
