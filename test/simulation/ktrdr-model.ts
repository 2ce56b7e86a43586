import type { KtrdrWorker, Operation, OperationStatus, WorkerStatus } from "../../src/domain/operation.ts";
import { fromRow, isLive, ModelWorker, type Row } from "./ktrdr-worker.ts";
import type { SimulatedClock } from "./simulated-clock.ts";

const SECOND = 1_000;
const SWEEP_S = 10;
const ORPHAN_CHECK_S = 15;
const ORPHAN_AFTER_MS = 60_000;
const REMOVED_AFTER_MS = 300_000;
const REGISTERS_AFTER_SILENCE_MS = 30_000;
const ORPHAN_TEXT = "Operation was RUNNING but no worker claimed it";

interface Entry {
  readonly worker: ModelWorker;
  status: WorkerStatus;
  current: string | null;
  failures: number;
  healthyAt: number;
}

/** What really happened. The product never sees it. */
export interface LogEntry {
  readonly at: number;
  readonly event: "start" | "end";
  readonly id: string;
  readonly how: "" | "completed" | "cancelled" | "killed";
}

export interface ModelSettings {
  readonly type: Row["type"];
  readonly workers?: number;
  /** Milliseconds one computation takes. */
  readonly computingMs: number;
}

/**
 * A small model of KTRDR (docs/ktrdr.md §3.1-3.5, §9): the API's memory, its lagging registry, its orphan detector, and
 * workers that compute. Whenever somebody looks, the time since the last look passes second by second.
 */
export class KtrdrModel {
  readonly log: LogEntry[] = [];
  readonly rows = new Map<string, Row>();
  readonly workers: ModelWorker[];
  /** How the API answers: as it should, not at all, after half a minute of silence, or with something unreadable. */
  api: "serves" | "refuses" | "hangs" | "babbles" = "serves";
  private readonly memory = new Map<string, Operation>();
  private readonly proxies = new Map<string, ModelWorker>();
  private readonly registry = new Map<string, Entry>();
  private readonly suspects = new Map<string, number>();
  private readonly plan: { readonly at: number; readonly act: () => void }[] = [];
  private onFinished: (() => void) | undefined;
  private time: number;
  private readonly clock: SimulatedClock;
  private readonly settings: ModelSettings;

  constructor(clock: SimulatedClock, settings: ModelSettings) {
    this.clock = clock;
    this.settings = settings;
    this.time = clock.now();
    const name = settings.type === "training" ? "training" : "backtesting";
    this.workers = Array.from({ length: settings.workers ?? 1 }, (_, n) => new ModelWorker(`${name}-${n + 1}`, name));
    for (const worker of this.workers) this.register(worker);
  }

  /** Plans an act for `atMs` after the beginning. */
  at(atMs: number, act: () => void): void {
    this.plan.push({ at: this.clock.now() - this.clock.elapsed() + atMs, act });
    this.plan.sort((a, b) => a.at - b.at);
  }

  /** Replaces the API process by one with an empty memory. The workers compute on. */
  restartApi(): void {
    this.api = "serves";
    for (const memory of [this.memory, this.proxies, this.registry, this.suspects]) memory.clear();
  }

  // ---- truth

  computing(): number {
    return this.workers.reduce((sum, worker) => sum + worker.computations.size, 0);
  }

  finished(id: string): boolean {
    return this.log.some((entry) => entry.id === id && entry.how === "completed");
  }

  starts(): number {
    return this.log.filter(({ event }) => event === "start").length;
  }

  mostAtOnce(): number {
    let now = 0;
    let most = 0;
    for (const { event } of this.log) most = Math.max(most, (now += event === "start" ? 1 : -1));
    return most;
  }

  // ---- what the API does; callers let time pass with `catchUp` first

  listed(): Operation[] {
    return [...this.memory.values()];
  }

  registered(): KtrdrWorker[] {
    return [...this.registry.values()].map(({ worker, status, current, failures }) => ({
      workerId: worker.id,
      workerType: worker.type,
      endpointUrl: worker.endpoint,
      status,
      currentOperationId: current,
      healthCheckFailures: failures,
    }));
  }

  /** The worker that the API would ask about an operation now. */
  proxy(id: string): ModelWorker | undefined {
    const operation = this.known(id);
    return operation !== undefined && isLive(operation.status) ? this.proxies.get(id) : undefined;
  }

  operation(id: string): Operation | undefined {
    const operation = this.known(id);
    const worker = this.proxy(id);
    if (operation === undefined || worker?.answers() !== true) return operation;
    const atWorker = worker.read(id, this.rows.get(id));
    return atWorker === undefined ? operation : this.keep(atWorker);
  }

  /** False when no worker is free according to the registry. */
  dispatch(id: string, parameters: Readonly<Record<string, unknown>>): boolean {
    const entry = [...this.registry.values()].find(({ status }) => status === "available");
    if (entry === undefined) return false;
    if (!this.rows.has(id) && entry.worker.answers()) this.compute(entry.worker, id, parameters);
    entry.status = "busy";
    entry.current = id;
    this.proxies.set(id, entry.worker);
    return true;
  }

  /** @returns `remote_cancelled`: whether the worker was told */
  cancel(id: string, reason: string): boolean {
    const worker = this.proxies.get(id);
    const told = worker?.answers() === true && this.cancelAt(worker, id, reason);
    this.proxies.delete(id);
    this.rewrite(id, "cancelled", reason);
    return told;
  }

  cancelAt(worker: ModelWorker, id: string, reason: string): boolean {
    const row = this.rows.get(id);
    const view = worker.read(id, row);
    if (row === undefined || view === undefined || !isLive(view.status)) return false;
    row.status = "cancelled";
    row.error = reason;
    worker.copies.delete(id);
    if (!worker.isDeafElsewhere) this.end(worker, id, "cancelled");
    return true;
  }

  /** Starts a new worker process at the same address under the same name. */
  revive(worker: ModelWorker): void {
    worker.restart();
    if (this.api === "serves") this.register(worker);
  }

  whenFinished(act: () => void): void {
    this.onFinished = act;
  }

  /** What a resume leaves behind: a view that nothing refreshes any more (docs/ktrdr.md §3.5). */
  stickInResuming(id: string): void {
    const operation = this.known(id);
    if (operation === undefined) return;
    this.proxies.delete(id);
    const { fromRow: _, ...view } = operation;
    this.keep({ ...view, status: "resuming", percent: 0, step: "" });
  }

  kill(worker: ModelWorker): void {
    for (const id of worker.computations.keys()) this.end(worker, id, "killed");
    worker.kill();
  }

  // ---- time

  /** Lets the model's time pass until the clock's. */
  catchUp(): void {
    while (this.time + SECOND <= this.clock.now()) {
      this.time += SECOND;
      this.second();
    }
  }

  private second(): void {
    while (this.plan[0] !== undefined && this.plan[0].at <= this.time) this.plan.shift()?.act();
    for (const worker of this.workers) this.computeOn(worker);
    if (this.api === "refuses") return;
    const s = this.time / SECOND;
    if (s % SWEEP_S === 0) for (const entry of this.registry.values()) this.sweep(entry);
    if (s % ORPHAN_CHECK_S === 0) this.seekOrphans();
    for (const worker of this.workers) this.registerAgain(worker);
  }

  private computeOn(worker: ModelWorker): void {
    if (!worker.answers() || worker.stalls) return;
    for (const [id, computation] of worker.computations) {
      computation.done += SECOND;
      if (computation.done < computation.total) continue;
      const isTraining = computation.row.type === "training";
      computation.row.result = isTraining ? { model_path: `models/${id}` } : { metrics: { total_return: 1 } };
      computation.row.status = "completed";
      worker.copies.delete(id);
      this.end(worker, id, "completed");
      this.onFinished?.();
    }
  }

  private sweep(entry: Entry): void {
    const { worker } = entry;
    if (worker.answers()) {
      worker.healthAskedAt = this.time;
      entry.current = worker.current();
      entry.status = entry.current === null ? "available" : "busy";
      entry.failures = 0;
      entry.healthyAt = this.time;
      return;
    }
    entry.failures += 1;
    if (entry.failures >= 3) entry.status = "temporarily_unavailable";
    if (this.time - entry.healthyAt > REMOVED_AFTER_MS) this.registry.delete(worker.id);
  }

  private registerAgain(worker: ModelWorker): void {
    if (worker.answers() && this.time - worker.healthAskedAt > REGISTERS_AFTER_SILENCE_MS) this.register(worker);
  }

  /** Registers the worker as available, even while it computes. */
  register(worker: ModelWorker): void {
    worker.healthAskedAt = this.time;
    this.registry.set(worker.id, { worker, status: "available", current: null, failures: 0, healthyAt: this.time });
  }

  private seekOrphans(): void {
    for (const { operationId: id, status } of this.memory.values()) {
      const claimed = [...this.registry.values()].some(({ current }) => current === id);
      if (status !== "running" || claimed) this.suspects.delete(id);
      else if (!this.suspects.has(id)) this.suspects.set(id, this.time);
      else if (this.time - (this.suspects.get(id) ?? 0) >= ORPHAN_AFTER_MS) {
        this.proxies.delete(id);
        this.suspects.delete(id);
        this.rewrite(id, "failed", ORPHAN_TEXT);
      }
    }
  }

  // ---- inside

  private known(id: string): Operation | undefined {
    const remembered = this.memory.get(id);
    if (remembered !== undefined) return remembered;
    const row = this.rows.get(id);
    return row === undefined ? undefined : this.keep(fromRow(row));
  }

  private keep(operation: Operation): Operation {
    this.memory.set(operation.operationId, operation);
    return operation;
  }

  private rewrite(id: string, status: OperationStatus, error: string): void {
    const row = this.rows.get(id);
    if (row === undefined) return;
    row.status = status;
    row.error = error;
    this.keep(fromRow(row));
  }

  private compute(worker: ModelWorker, id: string, parameters: Readonly<Record<string, unknown>>): void {
    const row: Row = {
      id,
      type: worker.type,
      status: "running",
      result: null,
      error: null,
      createdAt: new Date(this.time).toISOString(),
      parameters: { ...parameters, worker_id: worker.id },
    };
    this.rows.set(id, row);
    worker.computations.set(id, { row, total: this.settings.computingMs, done: 0 });
    this.log.push({ at: this.time, event: "start", id, how: "" });
  }

  private end(worker: ModelWorker, id: string, how: LogEntry["how"]): void {
    if (worker.computations.delete(id)) this.log.push({ at: this.time, event: "end", id, how });
  }
}
