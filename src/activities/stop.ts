/** Stops a computation, and repeats that until it is proven that nobody computes it any more. */
import { cancellationSignal } from "@temporalio/activity";
import { isDomainError } from "../domain/errors.ts";
import type { JobInput, StopReport } from "../domain/job.ts";
import { isSealed, type ComputeRequest } from "../domain/kinds/index.ts";
import type { FaultSeen, PartialResult } from "../domain/outcome.ts";
import type { Operation } from "../domain/operation.ts";
import { farther, partialOf } from "../domain/partial.ts";
import type { ApiEvidence, RegistryEvidence, WorkerEvidence } from "../domain/evidence.ts";
import { holdsResult } from "../domain/diagnosis.ts";
import type { ComputationRecord } from "../store/job-row.ts";
import { isGone } from "../domain/worker-gone.ts";
import { computationOf, type ComputationOf } from "./computation.ts";
import type { ActivityDeps } from "./deps.ts";
import { askApi, corrected, inquire, workplaceOf, type Workplace } from "./evidence.ts";
import { sealedSummary } from "./seal.ts";
import { beating } from "./heartbeat.ts";

export function stopActivities(deps: ActivityDeps) {
  return {
    async stopComputation(
      input: JobInput<ComputeRequest>,
      computation: number,
      operationId: string,
      reason: string,
    ): Promise<StopReport> {
      return await beating(deps.clock, () => stop(deps, { input, n: computation, operationId }, reason));
    },
  };
}

/** Also called outside the activity, to settle an abandoned job. */
export async function stop(deps: ActivityDeps, of: ComputationOf, reason: string): Promise<StopReport> {
  const report = await new Stop(deps, of, reason, await computationOf(deps.jobs, of.input.jobId, of.n)).run();
  if (!report.stopped) return { ...report, summary: await sealedSummary(deps, of.input, report.summary) };
  return isSealed(of.input.request) ? { ...report, partial: null } : report;
}

class Stop {
  private readonly deps: ActivityDeps;
  private readonly of: ComputationOf;
  private readonly reason: string;
  private place: Workplace;
  private readonly faults = new Set<FaultSeen>();
  private last: Operation | null = null;
  /** What the activity that awaited the computation had seen. */
  private readonly seenBefore: PartialResult | null;

  constructor(deps: ActivityDeps, of: ComputationOf, reason: string, row: ComputationRecord | null) {
    this.deps = deps;
    this.of = of;
    this.reason = reason;
    this.place = workplaceOf(row);
    this.seenBefore = row?.lastSeen ?? null;
  }

  async run(): Promise<StopReport> {
    for (;;) {
      const api = await askApi(this.deps.ktrdr, this.of.operationId);
      if (api.kind === "operation") this.remember(api.operation);
      const { worker, registry } = await this.askWorker();
      if (worker.kind === "answers" && worker.operation !== null) this.remember(worker.operation);
      const summary = this.finishedResult(api, worker);
      if (summary !== null) return { stopped: false, summary };
      if (isIdle(api, worker, registry, this.of.operationId, this.of.input.request.kind)) {
        return { stopped: true, partial: await this.partial(worker), faultsSeen: [...this.faults] };
      }
      await this.demandStop(api, worker);
      // A shutdown interrupts the sleep; the next attempt goes on.
      await this.deps.clock.sleep(1_000, cancellationSignal());
    }
  }

  /** KTRDR drops progress and epochs when it cancels, so the view with the most epochs is kept. */
  private remember(view: Operation): void {
    if (this.last === null || view.percent >= this.last.percent) this.last = view;
    this.place = corrected(this.place, view);
  }

  /** What the computation had reached. Without an answer of the worker it may have computed to the end. */
  private async partial(worker: WorkerEvidence): Promise<PartialResult | null> {
    const seen = farther(this.seenBefore, partialOf(this.last));
    if (seen === null || worker.kind !== "silent") return seen;
    const { request } = this.of.input;
    const perhaps = "its worker could not be asked, so KTRDR may have computed it to the end";
    if (request.kind !== "training") return { ...seen, doubt: perhaps };
    // KTRDR deletes the checkpoint of a training that reached its end.
    const stopped = await this.deps.ktrdr.checkpoints.get(this.of.operationId).then(() => true, ignoreRefusal);
    if (stopped === true) return seen;
    const model = `models/${request.strategy}/${request.timeframe}_latest`;
    return { ...seen, doubt: `${perhaps}; its model would then be the newest one, ${model}` };
  }

  private async askWorker(): Promise<{ worker: WorkerEvidence; registry: RegistryEvidence }> {
    const { kind } = this.of.input.request;
    if (kind === "data_load") return { worker: { kind: "not_asked" }, registry: null };
    const { worker, registry, place } = await inquire(this.deps.ktrdr, kind, this.place, this.of.operationId);
    this.place = place;
    return { worker, registry };
  }

  private finishedResult(api: ApiEvidence, worker: WorkerEvidence): Readonly<Record<string, unknown>> | null {
    const { kind } = this.of.input.request;
    const views = [
      api.kind === "operation" ? api.operation : null,
      worker.kind === "answers" ? worker.operation : null,
    ];
    for (const view of views) if (view !== null && holdsResult(kind, view.result)) return view.result;
    return null;
  }

  private async demandStop(api: ApiEvidence, worker: WorkerEvidence): Promise<void> {
    const { ktrdr } = this.deps;
    if (api.kind === "operation" && isOpen(api.operation)) {
      const receipt = await ktrdr.operations.cancel(this.of.operationId, this.reason).catch(ignoreRefusal);
      if (receipt !== null && !receipt.remoteCancelled && this.of.input.request.kind !== "data_load") {
        this.faults.add("cancel_not_forwarded");
      }
      if (receipt?.remoteCancelled === true) return;
    }
    if (worker.kind !== "answers" || this.place.endpoint === null) return;
    if (worker.health.currentOperationId === this.of.operationId || worker.operation?.status === "running") {
      await ktrdr.workers.at(this.place.endpoint).cancel(this.of.operationId, this.reason).catch(ignoreRefusal);
    }
  }
}

function isOpen({ status }: Operation): boolean {
  return status === "running" || status === "pending" || status === "resuming";
}

/** Nobody computes it: KTRDR calls it ended, and its worker is idle, gone or was never reachable. */
function isIdle(
  api: ApiEvidence,
  worker: WorkerEvidence,
  registry: RegistryEvidence,
  operationId: string,
  kind: ComputeRequest["kind"],
): boolean {
  if (api.kind === "unreachable" || api.kind === "unusable") return false;
  const booksClosed = api.kind === "not_found" || !isOpen(api.operation);
  if (!booksClosed) return false;
  if (kind === "data_load") return true;
  if (worker.kind === "answers") {
    return worker.health.currentOperationId !== operationId && worker.operation?.status !== "running";
  }
  if (registry === null || registry === "unreachable" || isGone(worker, registry)) return isGone(worker, registry);
  // KTRDR can reach the worker and we cannot: what the registry's health check found counts.
  return registry.status === "available" && registry.healthCheckFailures === 0;
}

/** After a refusal (already finished, unknown) or an outage the next look decides. */
function ignoreRefusal(error: unknown): null {
  if (isDomainError(error)) return null;
  throw error;
}
