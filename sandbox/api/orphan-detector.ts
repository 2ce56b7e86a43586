import type { Operation } from "../state/operation.ts";
import { ORPHAN_MESSAGE, wireNowOffset } from "../state/operation.ts";
import type { Timers } from "../timers.ts";
import type { OperationsView } from "./operations-view.ts";
import type { WorkerRegistry } from "./worker-registry.ts";

/** The `orphan_detector` block of `/health` (docs/ktrdr.md §2.1). */
export interface OrphanDetectorStatus {
  running: boolean;
  potential_orphans_count: number;
  last_check: string | null;
  orphan_timeout_seconds: number;
  check_interval_seconds: number;
}

/**
 * Declares an operation failed that is running in the API's memory while no worker claims it. It looks at the memory
 * only. So an operation whose end nobody observed is failed although its row says completed (docs/ktrdr.md §3.5).
 */
export class OrphanDetector {
  readonly #view: OperationsView;
  readonly #registry: WorkerRegistry;
  readonly #timers: Timers;
  readonly #suspects = new Map<string, number>();
  #lastCheck: string | null = null;

  constructor(view: OperationsView, registry: WorkerRegistry, timers: Timers) {
    this.#view = view;
    this.#registry = registry;
    this.#timers = timers;
  }

  status(): OrphanDetectorStatus {
    return {
      running: true,
      potential_orphans_count: this.#suspects.size,
      last_check: this.#lastCheck,
      orphan_timeout_seconds: this.#timers.orphanTimeoutMs / 1000,
      check_interval_seconds: this.#timers.orphanCheckMs / 1000,
    };
  }

  /** Throws DatabaseDownError when an orphan could not be written; the orphan stays suspected. */
  check(): void {
    const unclaimed = this.#view.listed().filter((one) => this.#isUnclaimed(one));
    const ids = new Set(unclaimed.map((one) => one.operation_id));
    for (const id of this.#suspects.keys()) if (!ids.has(id)) this.#suspects.delete(id);
    for (const id of ids) this.#judge(id);
    this.#lastCheck = wireNowOffset();
  }

  #isUnclaimed(operation: Operation): boolean {
    const isRunning = operation.status === "running" && !operation.is_backend_local;
    return isRunning && !this.#registry.claims(operation.operation_id);
  }

  #judge(id: string): void {
    const since = this.#suspects.get(id);
    if (since === undefined) this.#suspects.set(id, Date.now());
    else if (Date.now() - since >= this.#timers.orphanTimeoutMs) {
      this.#view.rewrite(id, "failed", ORPHAN_MESSAGE);
      this.#suspects.delete(id);
    }
  }
}
