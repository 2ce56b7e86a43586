import type { Database } from "../state/database.ts";
import type { Operation } from "../state/operation.ts";
import { isFinished, operationFromRow } from "../state/operation.ts";

/** An operation that this worker really computes. */
export interface Computation {
  readonly operation: Operation;
  readonly controller: AbortController;
  /** Resolves when the computing has stopped, however it did. */
  readonly ended: PromiseWithResolvers<void>;
  /** Epoch objects so far; the wire's `metrics` pair is made from them. */
  readonly epochs: unknown[];
}

/**
 * A worker's memory: its own computations, and a copy of every row that somebody asked for. A copy that was read while
 * the row said running is a phantom. Nothing ever updates it, and the worker calls itself busy with it (recording 05b).
 */
export class OperationsMemory {
  readonly #database: Database;
  readonly #computations = new Map<string, Computation>();
  readonly #copies = new Map<string, Operation>();

  constructor(database: Database) {
    this.#database = database;
  }

  begin(computation: Computation): void {
    const id = computation.operation.operation_id;
    this.#copies.delete(id);
    this.#computations.set(id, computation);
  }

  computation(id: string): Computation | undefined {
    return this.#computations.get(id);
  }

  /** What this worker computes now. */
  computing(): Computation[] {
    return [...this.#computations.values()];
  }

  /** Called when the run is over and its end is written. The next reader gets the database's row. */
  end(id: string): void {
    this.#computations.delete(id);
    this.#copies.delete(id);
  }

  /** Own run, kept copy, or the database's row, which is kept from now on. Throws DatabaseDownError. */
  read(id: string): Operation | undefined {
    const own = this.#computations.get(id)?.operation ?? this.#copies.get(id);
    if (own !== undefined) return own;
    const row = this.#database.operation(id);
    if (row === undefined) return undefined;
    const copy = operationFromRow(row);
    this.#copies.set(id, copy);
    return copy;
  }

  list(): Operation[] {
    const own = [...this.#computations.values()].map((one) => one.operation);
    return [...this.#copies.values(), ...own].toSorted((a, b) => b.created_at.localeCompare(a.created_at));
  }

  /** The one operation that `/health` reports, even when there are several: the youngest in memory. */
  current(): string | null {
    const copies = [...this.#copies.values()].filter((one) => !isFinished(one.status));
    const own = [...this.#computations.values()].map((one) => one.operation);
    return [...copies, ...own.filter((one) => !isFinished(one.status))].at(-1)?.operation_id ?? null;
  }

  forgetCopy(id: string): void {
    this.#copies.delete(id);
  }
}
