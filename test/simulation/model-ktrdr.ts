import { DomainError } from "../../src/domain/errors.ts";
import type { KtrdrWorker, Operation, OperationListItem } from "../../src/domain/operation.ts";
import type { Ktrdr } from "../../src/ktrdr/ktrdr.ts";
import type { Sending } from "../../src/ktrdr/call.ts";
import type { WorkerLink } from "../../src/ktrdr/workers.ts";
import type { KtrdrModel } from "./ktrdr-model.ts";
import { isLive, type ModelWorker } from "./ktrdr-worker.ts";
import type { SimulatedClock } from "./simulated-clock.ts";

const REQUEST_TIMEOUT_MS = 30_000;

export type Request = "operation" | "list" | "registry" | "start" | "cancel" | "worker health" | "worker operation";

/** The model behind the interface that the activities know. It notes the requests. */
export class ModelKtrdr {
  readonly requests: { readonly at: number; readonly what: Request }[] = [];
  /** What happens to the answers of the next starts, in order. The answers of later starts arrive. */
  readonly startFaults: ("answer lost" | "late and lost" | "came to nothing" | "lost on the way")[] = [];
  private readonly model: KtrdrModel;
  private readonly clock: SimulatedClock;
  private snapshot: { readonly at: number; readonly workers: readonly KtrdrWorker[] } | null = null;

  constructor(model: KtrdrModel, clock: SimulatedClock) {
    this.model = model;
    this.clock = clock;
  }

  /** Requests since `fromMs` of simulated time, until now. */
  count(what: Request, fromMs = 0): number {
    const begin = this.clock.now() - this.clock.elapsed() + fromMs;
    return this.requests.filter((one) => one.what === what && one.at >= begin).length;
  }

  client(): Ktrdr {
    const never = (): never => {
      throw new Error("the model has no such endpoint");
    };
    return {
      health: never,
      operations: {
        get: async (id, signal) => await this.operation(id, signal),
        list: async () => await this.list(),
        cancel: async (id, reason) => await this.cancel(id, reason),
        results: never,
        resume: never,
      },
      trainings: { start: async ({ operationId }, sending) => await this.start(operationId, {}, sending) },
      backtests: {
        start: async ({ strategyName, initialCapital }, sending) => {
          const id = `op_backtesting_${this.model.rows.size + 1}`;
          return await this.start(id, { strategy_name: strategyName, initial_capital: initialCapital }, sending);
        },
      },
      workers: {
        list: async () => await this.registry(0),
        at: (endpoint) => this.link(endpoint),
        snapshot: async (maxAgeMs, signal) => await this.registry(maxAgeMs, signal),
      },
      data: { symbols: never, range: never, bars: never, download: never },
      indicators: { calculate: never },
      // The model keeps no checkpoints, so what died is computed from the beginning.
      checkpoints: { olderThan: never, remove: never, get: async () => await Promise.reject(notFound()) },
      close: () => undefined,
    };
  }

  private async api(what: Request, signal?: AbortSignal): Promise<void> {
    this.model.catchUp();
    this.requests.push({ at: this.clock.now(), what });
    if (this.model.api === "hangs") await this.clock.sleep(REQUEST_TIMEOUT_MS, signal);
    if (this.model.api === "babbles") throw new DomainError("ktrdr_bad_answer", { what: "HTML" });
    if (this.model.api !== "serves") throw unavailable();
  }

  private async operation(id: string, signal?: AbortSignal): Promise<Operation> {
    await this.api("operation", signal);
    // The API waits for its worker nearly as long as we wait for the API. Then it tells what it knew before.
    if (this.model.proxy(id)?.hangs === true) {
      await this.clock.sleep(REQUEST_TIMEOUT_MS - 1_000, signal);
      this.model.catchUp();
    }
    const operation = this.model.operation(id);
    if (operation === undefined) throw notFound();
    return operation;
  }

  private async list(): Promise<OperationListItem[]> {
    await this.api("list");
    return this.model.listed();
  }

  private async cancel(id: string, reason: string): Promise<{ remoteCancelled: boolean }> {
    await this.api("cancel");
    const operation = this.model.listed().find(({ operationId }) => operationId === id);
    if (operation !== undefined && !isLive(operation.status) && operation.status !== "resuming") {
      throw new DomainError("ktrdr_rejected", { what: "finished" });
    }
    if (!this.model.rows.has(id)) throw notFound();
    return { remoteCancelled: this.model.cancel(id, reason) };
  }

  private async start(
    id: string,
    parameters: Record<string, unknown>,
    sending?: Sending,
  ): Promise<{ operationId: string }> {
    sending?.beforeSend?.();
    await this.api("start");
    const fault = this.startFaults.shift();
    if (fault === "late and lost") {
      this.model.at(this.clock.elapsed() + 25_000, () => void this.model.dispatch(id, parameters));
      throw ambiguous();
    }
    if (fault === "lost on the way") throw ambiguous();
    if (fault === "came to nothing") return { operationId: id };
    if (!this.model.dispatch(id, parameters)) throw new DomainError("ktrdr_no_worker", { what: "no worker" });
    if (fault === "answer lost") throw ambiguous();
    return { operationId: id };
  }

  private async registry(maxAgeMs: number, signal?: AbortSignal): Promise<KtrdrWorker[]> {
    const { snapshot } = this;
    if (snapshot !== null && this.clock.now() - snapshot.at <= maxAgeMs) return [...snapshot.workers];
    await this.api("registry", signal);
    this.snapshot = { at: this.clock.now(), workers: this.model.registered() };
    return [...this.snapshot.workers];
  }

  private link(endpoint: string): WorkerLink {
    const ask = async (what: Request, signal?: AbortSignal): Promise<ModelWorker> => {
      this.model.catchUp();
      this.requests.push({ at: this.clock.now(), what });
      const worker = this.model.workers.find((one) => one.endpoint === endpoint);
      if (worker?.up !== true) {
        throw unavailable(Object.assign(new Error("refused"), { code: "ECONNREFUSED" }));
      }
      if (worker.isDeafElsewhere) throw unavailable();
      if (worker.hangs) {
        await this.clock.sleep(REQUEST_TIMEOUT_MS, signal);
        throw unavailable();
      }
      return worker;
    };
    return {
      health: async (signal) => {
        const current = (await ask("worker health", signal)).current();
        return { busy: current !== null, currentOperationId: current };
      },
      operation: async (id, signal) => {
        const operation = (await ask("worker operation", signal)).read(id, this.model.rows.get(id));
        if (operation === undefined) throw notFound();
        return operation;
      },
      operations: async (signal) => {
        const { computations, copies } = await ask("worker operation", signal);
        const ids = [...computations.keys(), ...copies.keys()];
        return ids
          .flatMap((id) => this.model.rows.get(id) ?? [])
          .map((row) => ({ operationId: row.id, status: row.status }));
      },
      cancel: async (id, reason, signal) => {
        const worker = await ask("cancel", signal);
        this.model.cancelAt(worker, id, reason);
      },
    };
  }
}

const notFound = (): DomainError => new DomainError("ktrdr_not_found", { what: "unknown" });
const unavailable = (cause?: Error): DomainError => new DomainError("ktrdr_unavailable", { what: "no answer", cause });
const ambiguous = (): DomainError => new DomainError("ktrdr_start_ambiguous", { what: "no answer to a start" });
