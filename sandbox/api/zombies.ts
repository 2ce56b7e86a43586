import { detail } from "../http/errors.ts";
import type { Operation, OperationStatus } from "../state/operation.ts";
import { newOperation, newOperationId, OPERATION_STATUSES } from "../state/operation.ts";
import type { ApiContext } from "./context.ts";

/**
 * Makes a pending operation that nobody will ever start and that is in no database (docs/ktrdr.md §2.10). No client
 * should call this. The log tells when one did.
 */
export async function retryOperation(api: ApiContext, id: string): Promise<Operation> {
  const operation = await api.view.known(id);
  if (operation === undefined) throw detail(404, `Operation not found: ${id}`);
  api.log.write("request", id, operation.operation_type, "retry");
  if (operation.status !== "failed") {
    const status = operation.status.toUpperCase();
    throw detail(400, `Operation ${id} cannot be retried (status: OperationStatus.${status})`);
  }
  const type = operation.operation_type;
  const zombie = newOperation(newOperationId(`retry_${type}`), type, structuredClone(operation.metadata));
  api.view.remember(zombie);
  return zombie;
}

/** Writes any status over any other without a check (docs/ktrdr.md §2.10). No client should call this; it is logged. */
export async function overrideStatus(
  api: ApiContext,
  id: string,
  text: string,
  message: string | undefined,
): Promise<{ previous_status: OperationStatus; new_status: OperationStatus }> {
  const operation = await api.view.known(id);
  if (operation === undefined) throw detail(404, `Operation not found: ${id}`);
  api.log.write("request", id, operation.operation_type, `patch status ${text}`);
  const status = OPERATION_STATUSES.find((one) => one === text.toLowerCase());
  if (status === undefined) throw new Error(`'${text.toLowerCase()}' is not a valid OperationStatus`);
  const previous = operation.status;
  const row = api.database.updateOperation(id, { status, error_message: message ?? null });
  if (row === undefined) operation.status = status;
  else api.view.adoptRow(row);
  return { previous_status: previous, new_status: status };
}
