import { computingOf, type SlotKind } from "../domain/kinds/index.ts";
import type { Ktrdr } from "../ktrdr/ktrdr.ts";
import { registered } from "./evidence.ts";
import { isDomainError } from "../domain/errors.ts";

const LIST_LIMIT = 1_000;

/**
 * Ids of every operation of the kind that can be seen now. All sources are asked: the API lists only what it has in
 * memory, a worker only its own, and the registry only what it heard last (docs/ktrdr.md §2.10, §2.16). A worker that
 * does not answer is left out: the API still lists what it dispatched to that worker.
 */
export async function visibleOperationIds(ktrdr: Ktrdr, kind: SlotKind): Promise<string[]> {
  const type = computingOf(kind).operationType;
  const ids = new Set<string>();
  for (const { operationId } of await ktrdr.operations.list({ type, limit: LIST_LIMIT })) ids.add(operationId);
  const workers = await registered(ktrdr, kind, undefined, 0);
  if (workers === "unreachable") return [...ids];
  for (const worker of workers) {
    if (worker.currentOperationId !== null) ids.add(worker.currentOperationId);
    for (const id of await ownIds(ktrdr, worker.endpointUrl)) ids.add(id);
  }
  return [...ids];
}

async function ownIds(ktrdr: Ktrdr, endpoint: string): Promise<string[]> {
  const worker = ktrdr.workers.at(endpoint);
  try {
    const [health, operations] = await Promise.all([worker.health(), worker.operations()]);
    const ids = operations.map(({ operationId }) => operationId);
    return health.currentOperationId === null ? ids : [...ids, health.currentOperationId];
  } catch (error) {
    if (isDomainError(error)) return [];
    throw error;
  }
}
