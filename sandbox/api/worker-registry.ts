import type { Timers } from "../timers.ts";
import type { JobKind } from "../state/operation.ts";
import { wireNowOffset } from "../state/operation.ts";

export const WORKER_TYPES = [
  "backtesting",
  "training",
  "cpu_training",
  "gpu_host",
  "agent_design",
  "agent_assessment",
] as const;
export type WorkerType = (typeof WORKER_TYPES)[number];

/** A worker as `GET /workers` shows it (docs/ktrdr.md §2.11). */
export interface WorkerEntry {
  worker_id: string;
  worker_type: WorkerType;
  endpoint_url: string;
  status: "available" | "busy" | "temporarily_unavailable";
  current_operation_id: string | null;
  capabilities: Record<string, unknown>;
  last_health_check: string | null;
  last_healthy_at: string | null;
  health_check_failures: number;
  metadata: { last_selected?: number };
}

interface WorkerHealth {
  worker_status?: string;
  current_operation?: string | null;
}

/**
 * What the API believes about its workers. It is only in memory, is lost with the process, and lags up to one health
 * sweep behind the truth. Dispatch trusts it. So concurrent starts pile into one worker (docs/ktrdr.md §2.11, §3.5).
 */
export class WorkerRegistry {
  readonly #timers: Timers;
  readonly #workers = new Map<string, WorkerEntry>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  list(): WorkerEntry[] {
    return [...this.#workers.values()];
  }

  get(id: string): WorkerEntry | undefined {
    return this.#workers.get(id);
  }

  /** Enters a worker, always as available, whatever it is doing. A stale entry with the same address is dropped. */
  register(id: string, type: WorkerType, endpointUrl: string, capabilities: Record<string, unknown>): WorkerEntry {
    for (const other of this.list()) {
      if (other.endpoint_url === endpointUrl && other.worker_id !== id) this.#workers.delete(other.worker_id);
    }
    const entry: WorkerEntry = {
      worker_id: id,
      worker_type: type,
      endpoint_url: endpointUrl,
      status: "available",
      current_operation_id: null,
      capabilities,
      last_health_check: null,
      last_healthy_at: wireNowOffset(),
      health_check_failures: 0,
      metadata: {},
    };
    this.#workers.set(id, entry);
    return entry;
  }

  /** The first available worker; backtests take turns. It is not marked here, but after the dispatch. */
  select(kind: JobKind): WorkerEntry | undefined {
    const free = this.list().filter((one) => one.worker_type === kind && one.status === "available");
    if (kind === "training") return free[0];
    const [chosen] = free.toSorted((a, b) => (a.metadata.last_selected ?? 0) - (b.metadata.last_selected ?? 0));
    if (chosen !== undefined) this.noteSelection(chosen);
    return chosen;
  }

  noteSelection(worker: WorkerEntry): void {
    worker.metadata = { last_selected: Date.now() / 1000 };
  }

  markBusy(id: string, operationId: string): void {
    const worker = this.#workers.get(id);
    if (worker === undefined) return;
    worker.status = "busy";
    worker.current_operation_id = operationId;
  }

  claims(operationId: string): boolean {
    return this.list().some((worker) => worker.current_operation_id === operationId);
  }

  /** One health sweep, worker after worker. */
  async sweep(signal: AbortSignal): Promise<void> {
    for (const worker of this.list()) {
      if (signal.aborted) return;
      await this.#check(worker, signal);
    }
  }

  async #check(worker: WorkerEntry, signal: AbortSignal): Promise<void> {
    const before = Date.now();
    try {
      const timeout = AbortSignal.any([signal, AbortSignal.timeout(this.#timers.healthTimeoutMs)]);
      const response = await fetch(`${worker.endpoint_url}/health`, { signal: timeout });
      const health = (await response.json()) as WorkerHealth;
      const isBusy = health.worker_status === "busy";
      worker.status = isBusy ? "busy" : "available";
      worker.current_operation_id = isBusy ? (health.current_operation ?? null) : null;
      worker.last_health_check = worker.last_healthy_at = wireNowOffset();
      worker.health_check_failures = 0;
    } catch {
      worker.last_health_check = wireNowOffset();
      worker.health_check_failures += 1;
      // The worker's operation stays claimed until the entry is removed.
      if (worker.health_check_failures >= 3) worker.status = "temporarily_unavailable";
      const silentMs = before - Date.parse(worker.last_healthy_at ?? "");
      const isCurrent = this.#workers.get(worker.worker_id) === worker;
      if (silentMs > this.#timers.workerRemovalMs && isCurrent) this.#workers.delete(worker.worker_id);
    }
  }
}
