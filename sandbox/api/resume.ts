import { detail } from "../http/errors.ts";
import type { JobKind, Operation } from "../state/operation.ts";
import { emptyProgress, operationFromRow, wireNow } from "../state/operation.ts";
import type { ApiContext } from "./context.ts";
import { WorkerRefusal } from "./worker-client.ts";

/** `data` of a resume's answer (docs/ktrdr.md §2.10). */
export interface Resumption {
  operation_id: string;
  status: "resuming";
  resumed_from: { checkpoint_type: string; created_at: string; epoch: number | null };
}

function requireResumable(operation: Operation): JobKind {
  const { operation_id: id, status, operation_type: type } = operation;
  if (status !== "cancelled" && status !== "failed") {
    const text = status === "pending" ? `cannot be resumed (status: ${status})` : `is already ${status}`;
    throw detail(409, `Operation ${id} ${text}`);
  }
  if (type !== "training" && type !== "backtesting") throw detail(400, `Cannot resume operation of type ${type}`);
  return type;
}

/**
 * Hands the operation to a free worker, but does not remember which one and does not mark it busy. From here on the API
 * says `resuming` for ever (docs/ktrdr.md §3.5). A refusal has side effects too: it wipes `error_message`, and when no
 * worker is free, a failed operation becomes cancelled (docs/ktrdr.md §9.2, §9.3).
 */
export async function resumeOperation(api: ApiContext, id: string): Promise<Resumption> {
  const operation = await api.view.known(id);
  if (operation === undefined) throw detail(404, `Operation not found: ${id}`);
  api.log.write("request", id, operation.operation_type, "resume");
  const kind = requireResumable(operation);
  const reopened = { status: "resuming" as const, started_at: wireNow(), completed_at: null, error_message: null };
  const before = api.database.updateOperation(id, reopened);
  if (before === undefined) throw detail(404, `Operation not found: ${id}`);
  const close = (status: "failed" | "cancelled"): void => {
    const row = api.database.updateOperation(id, { status, completed_at: wireNow() });
    if (row !== undefined) api.view.adoptRow(row);
  };
  const checkpoint = api.database.checkpoint(id);
  if (checkpoint === undefined) {
    close("failed");
    throw detail(404, `No checkpoint available for operation ${id}`);
  }
  const worker = api.registry.select(kind);
  if (worker === undefined) {
    close("cancelled");
    throw detail(503, `No ${kind} worker available to resume operation`);
  }
  api.registry.noteSelection(worker);
  try {
    await api.workers.post(worker.endpoint_url, `/${kind === "training" ? "training" : "backtests"}/resume`, {
      operation_id: id,
    });
  } catch (error) {
    close("cancelled");
    if (error instanceof WorkerRefusal) throw detail(502, error.message);
    throw detail(503, `Worker ${worker.worker_id} is unreachable`);
  }
  api.view.dropProxy(id);
  api.view.remember({ ...operationFromRow({ ...before, ...reopened }), progress: emptyProgress() });
  const epoch = checkpoint.state["epoch"];
  return {
    operation_id: id,
    status: "resuming",
    resumed_from: {
      checkpoint_type: checkpoint.checkpoint_type,
      created_at: checkpoint.created_at,
      epoch: typeof epoch === "number" ? epoch : null,
    },
  };
}
