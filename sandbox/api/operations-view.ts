import type { FaultStore } from "../faults.ts";
import type { Database } from "../state/database.ts";
import type { Operation, OperationRow, OperationStatus } from "../state/operation.ts";
import { emptyProgress, isFinished, operationFromRow, ORPHAN_MESSAGE, wireNow } from "../state/operation.ts";
import type { Timers } from "../timers.ts";
import type { WorkerClient } from "./worker-client.ts";

interface Proxy {
  readonly endpointUrl: string;
  refreshedAt: number;
}

/**
 * The API's memory of operations. What it has read once it keeps for ever, but a restart loses it. For each dispatched
 * operation it keeps which worker to ask. The API knows no more about a running operation (docs/ktrdr.md §3.1).
 */
export class OperationsView {
  readonly #database: Database;
  readonly #faults: FaultStore;
  readonly #timers: Timers;
  readonly #workers: WorkerClient;
  readonly #memory = new Map<string, Operation>();
  readonly #proxies = new Map<string, Proxy>();

  constructor(database: Database, faults: FaultStore, timers: Timers, workers: WorkerClient) {
    this.#database = database;
    this.#faults = faults;
    this.#timers = timers;
    this.#workers = workers;
  }

  /** Only what is in memory, newest first: a new operation is missing until somebody reads it by id. */
  listed(): Operation[] {
    return [...this.#memory.values()].toSorted((a, b) => b.created_at.localeCompare(a.created_at));
  }

  remember(operation: Operation): void {
    this.#memory.set(operation.operation_id, operation);
  }

  forget(id: string): void {
    this.#memory.delete(id);
  }

  proxy(id: string): string | undefined {
    return this.#proxies.get(id)?.endpointUrl;
  }

  setProxy(id: string, endpointUrl: string): void {
    this.#proxies.set(id, { endpointUrl, refreshedAt: 0 });
  }

  dropProxy(id: string): void {
    this.#proxies.delete(id);
  }

  /** As the API has it. A worker is asked only when memory and database do not have it. Throws DatabaseDownError. */
  async known(id: string): Promise<Operation | undefined> {
    const inMemory = this.#memory.get(id);
    if (inMemory !== undefined) return inMemory;
    const row = this.#database.operation(id);
    if (row !== undefined) return this.#keep(operationFromRow(row));
    const endpointUrl = this.proxy(id);
    if (endpointUrl === undefined) return undefined;
    const atWorker = await this.#workers.operation(endpointUrl, id).catch(() => undefined);
    return atWorker === undefined ? undefined : this.#keep({ ...atWorker, metrics: null });
  }

  /** As `GET /operations/{id}` answers it: the worker is asked when the last answer is old. */
  async current(id: string): Promise<Operation | undefined> {
    const operation = await this.known(id);
    if (operation === undefined) return undefined;
    await this.#refresh(operation);
    return this.#withFaults(this.#memory.get(id) ?? operation);
  }

  /** Takes the database's row as the truth: steps, percent and metrics of the run are gone. */
  adoptRow(row: OperationRow): Operation {
    return this.#keep(operationFromRow(row));
  }

  #keep(operation: Operation): Operation {
    this.#memory.set(operation.operation_id, operation);
    return operation;
  }

  async #refresh(operation: Operation): Promise<void> {
    const id = operation.operation_id;
    if (this.#isFrozen(operation)) {
      this.dropProxy(id);
      Object.assign(operation, { progress: emptyProgress(), metrics: null });
    }
    const proxy = this.#proxies.get(id);
    const isLive = operation.status === "running" || operation.status === "pending";
    if (proxy === undefined || !isLive || Date.now() - proxy.refreshedAt < this.#timers.operationCacheMs) return;
    proxy.refreshedAt = Date.now();
    try {
      const atWorker = await this.#workers.operation(proxy.endpointUrl, id);
      if (atWorker === undefined) return;
      const metrics = await this.#workers.metrics(proxy.endpointUrl, id);
      this.#merge(operation, atWorker, metrics);
    } catch {
      // The worker is away: the last known state is answered, still as running.
    }
  }

  #isFrozen(operation: Operation): boolean {
    if (operation.status !== "running" || this.proxy(operation.operation_id) === undefined) return false;
    const place = { operationId: operation.operation_id, kind: operation.operation_type };
    return this.#faults.find("frozen_progress", place) !== undefined;
  }

  #merge(operation: Operation, atWorker: Operation, metrics: unknown[]): void {
    // The orphan detector or a cancellation may have ended the operation first.
    if (isFinished(operation.status)) return;
    operation.status = atWorker.status;
    operation.progress = { ...atWorker.progress, context: {} };
    operation.result_summary = atWorker.result_summary;
    operation.error_message = atWorker.error_message;
    operation.completed_at = atWorker.completed_at;
    operation.metrics ??= {};
    // The bug that makes answers grow: every poll appends the whole history and its length (docs/ktrdr.md §2.10).
    if (operation.operation_type === "training") {
      operation.metrics.epochs = [...(operation.metrics.epochs ?? []), ...metrics];
    }
  }

  #withFaults(operation: Operation): Operation {
    const place = { operationId: operation.operation_id, kind: operation.operation_type };
    if (operation.status === "completed") {
      const isFailed = this.#faults.find("completed_turned_failed", place) !== undefined;
      if (isFailed) return this.rewrite(operation.operation_id, "failed", ORPHAN_MESSAGE) ?? operation;
      const isCancelled = this.#faults.find("completed_turned_cancelled", place) !== undefined;
      if (isCancelled) return this.rewrite(operation.operation_id, "cancelled", null) ?? operation;
    }
    const canStick = operation.status === "running" || operation.status === "completed";
    if (canStick && this.#faults.find("stuck_resuming", place) !== undefined) {
      this.dropProxy(operation.operation_id);
      return this.#keep({
        ...operation,
        status: "resuming",
        progress: emptyProgress(),
        metrics: null,
        result_summary: null,
        completed_at: null,
      });
    }
    return operation;
  }

  /** Writes another end into the row, whatever its status is. The result in the row stays. */
  rewrite(id: string, status: OperationStatus, message: string | null): Operation | undefined {
    const change = { status, error_message: message, completed_at: wireNow() };
    const row = this.#database.updateOperation(id, change);
    this.dropProxy(id);
    return row === undefined ? undefined : this.adoptRow(row);
  }
}
