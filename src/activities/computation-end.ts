/** How a computation really ended, once its diagnosis stands. */
import { cancellationSignal } from "@temporalio/activity";
import { DEAD_REASON, holdsResult } from "../domain/diagnosis.ts";
import { isDomainError } from "../domain/errors.ts";
import type { Diagnosis } from "../domain/evidence.ts";
import type { ComputationEnd, JobInput } from "../domain/job.ts";
import { isSealed, kindOf, type ComputeRequest, type SlotKind } from "../domain/kinds/index.ts";
import type { Operation } from "../domain/operation.ts";
import type { FaultSeen } from "../domain/outcome.ts";
import { partialOf } from "../domain/partial.ts";
import type { ComputationOf } from "./computation.ts";
import type { ActivityDeps } from "./deps.ts";
import { sealedFailure, sealedSummary } from "./seal.ts";
import { stop } from "./stop.ts";

type Of = ComputationOf<JobInput<ComputeRequest>>;
type Ended = Exclude<Diagnosis, { kind: "wait" | "ask_worker" }>;

interface Seen {
  /** The last view of it with progress. */
  readonly last: Operation | null;
  /** What KTRDR did wrong until now. */
  readonly faults: ReadonlySet<FaultSeen>;
}

/** Ends a dead operation at KTRDR first; keeps the figures of a sealed one back. */
export async function endOf(deps: ActivityDeps, of: Of, diagnosis: Ended, seen: Seen): Promise<ComputationEnd> {
  const { input } = of;
  const faultsSeen = [...seen.faults];
  switch (diagnosis.kind) {
    case "succeeded": {
      const faults = [...new Set([...faultsSeen, ...diagnosis.faults])];
      const result = await resultOf(deps, of, diagnosis.result);
      return { fate: "succeeded", summary: await sealedSummary(deps, input, result), faultsSeen: faults };
    }
    case "lost":
      return await bury(deps, of, diagnosis, seen);
    case "failed": {
      const { code, what, why } = diagnosis;
      if (code === "cancelled_at_ktrdr" && (await wasShutDown(deps, of))) {
        return await bury(deps, of, { kind: "lost", fault: "worker_died", why: "its worker was shut down" }, seen);
      }
      const failure = { code, what, why, next: adviceFor(code, input.request.kind) };
      return {
        fate: "failed",
        failure: await sealedFailure(deps, input, failure),
        partial: isSealed(input.request) ? null : partialOf(diagnosis.view ?? seen.last),
        faultsSeen,
        mayStillCompute: code !== "computation_failed",
      };
    }
  }
}

/** KTRDR also writes `cancelled` when one of its workers is shut down; only the checkpoint tells the difference. */
async function wasShutDown({ ktrdr }: ActivityDeps, { operationId }: Of): Promise<boolean> {
  return await ktrdr.checkpoints.get(operationId, cancellationSignal()).then(
    ({ type }) => type === "shutdown",
    (error: unknown) => {
      if (isDomainError(error) && !error.retryable) return false;
      throw error;
    },
  );
}

/**
 * Ends a dead operation at KTRDR before another one may start. That frees a worker which keeps a copy of it, and
 * shows a result that KTRDR's old view had hidden.
 */
async function bury(
  deps: ActivityDeps,
  of: Of,
  { fault, why }: Extract<Diagnosis, { kind: "lost" }>,
  { faults }: Seen,
): Promise<ComputationEnd> {
  const faultsSeen = [...new Set([...faults, fault])];
  const report = await stop(deps, of, DEAD_REASON);
  if (!report.stopped) return { fate: "succeeded", summary: report.summary, faultsSeen };
  return { fate: "lost", fault, why, faultsSeen };
}

/** The result of a completed operation. When the status answer left it out, KTRDR is asked for it once more. */
async function resultOf(
  { ktrdr }: ActivityDeps,
  { input, operationId }: Of,
  result: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  if (holdsResult(input.request.kind, result)) return result;
  return await ktrdr.operations.results(operationId, cancellationSignal()).catch(() => result);
}

function adviceFor(code: "computation_failed" | "cancelled_at_ktrdr" | "computation_stalled", kind: SlotKind): string {
  switch (code) {
    case "computation_failed":
      return kindOf(kind).mend;
    case "cancelled_at_ktrdr":
      return `Find out who cancelled it. ${kindOf(kind).again}`;
    case "computation_stalled":
      return `Look at KTRDR with check_health. ${kindOf(kind).again}`;
  }
}
