/**
 * The decision table of docs/ktrdr.md §3.5-3.6 and §9: makes a diagnosis of the evidence about one computation. Pure, so
 * that every row can be tested. In situations in which KTRDR's API is known to be wrong it is not believed alone: then
 * the worker that computes is asked.
 */
import type { Evidence, Diagnosis, WorkerEvidence } from "./evidence.ts";
import type { FaultSeen } from "./outcome.ts";
import { computingOf, type SlotKind } from "./kinds/index.ts";
import { inWords } from "./ktrdr-words.ts";
import type { Operation } from "./operation.ts";
import { isGone } from "./worker-gone.ts";

/** Polls without any movement before the worker is asked as well. */
const STILL_POLLS = 3;

/** The text of KTRDR's orphan detector. It may be wrong (docs/ktrdr.md §9.2), so it is only a hint. */
const ORPHAN_TEXT = "no worker claimed it";

/**
 * The reason that we give when we cancel a dead operation at KTRDR, so that it cannot come back. KTRDR keeps it as the
 * error message: an operation with this message was lost, not cancelled by somebody.
 */
export const DEAD_REASON = "ktrdr-mcp found that nobody computes it";

/** True when `result_summary` holds what only a finished computation has. */
export const holdsResult = (kind: SlotKind, result: Readonly<Record<string, unknown>> | null): boolean =>
  result !== null && computingOf(kind).holdsResult(result);

/** A failure that KTRDR's bookkeeping made up; the computing itself reported none. */
function isBookkeepingFailure(operation: Operation): boolean {
  const text = operation.errorMessage;
  return text === null || text === "" || text.includes(ORPHAN_TEXT) || text.includes("Connect call failed");
}

/** Diagnoses one observation. The diagnosis is `ask_worker` only while `worker.kind` is `not_asked`. */
export function diagnose(evidence: Evidence): Diagnosis {
  const { api } = evidence;
  switch (api.kind) {
    case "unreachable":
      return wait(evidence, "ktrdr_unreachable", null, [], false);
    case "not_found":
      return judgeNotFound(evidence);
    case "unusable":
      return judgeUnusable(evidence);
    case "operation":
      return judgeOperation(evidence, api.operation);
  }
}

function judgeOperation(evidence: Evidence, operation: Operation): Diagnosis {
  const { kind } = evidence;
  switch (operation.status) {
    case "completed":
      return succeeded(operation, []);
    case "failed":
      if (holdsResult(kind, operation.result)) return succeeded(operation, ["completed_turned_failed"]);
      if (!isBookkeepingFailure(operation)) return failed(operation);
      return kind === "data_load"
        ? judgeForgottenLoad(evidence, operation)
        : askOr(evidence, operation, "completed_turned_failed");
    case "cancelled":
      if (holdsResult(kind, operation.result)) return succeeded(operation, ["completed_turned_cancelled"]);
      return kind === "data_load"
        ? judgeCancelled(operation)
        : askOr(evidence, operation, "completed_turned_cancelled");
    case "resuming":
      return askOr(evidence, operation, "stuck_resuming");
    case "pending":
    case "running":
      return judgeRunning(evidence, operation);
  }
}

/**
 * KTRDR's orphan detector calls every load of more than a minute failed, whether it goes on or died with the API
 * (docs/ktrdr.md §2.2). Only the stored bars can tell: the result is made from them, or the job fails
 * (results/data-load.ts).
 */
function judgeForgottenLoad(evidence: Evidence, operation: Operation): Diagnosis {
  if (!deadLongEnough(evidence)) return wait(evidence, "verifying", operation, [], true);
  return succeeded(operation, ["lost_operation"]);
}

/**
 * A load runs inside KTRDR's API process, which names its steps from the first moment on (recording 17). An API that
 * names none knows the load from its database only: that API was restarted, and the load died with the process before
 * (docs/ktrdr.md §2.2, §2.10).
 */
function judgeOrphanedLoad(evidence: Evidence, operation: Operation): Diagnosis {
  if (!deadLongEnough(evidence)) return wait(evidence, "verifying", operation, [], true);
  return { kind: "lost", fault: "worker_died", why: "KTRDR's API was restarted while it loaded" };
}

function judgeRunning(evidence: Evidence, operation: Operation): Diagnosis {
  const { clock, patience, kind } = evidence;
  const still = clock.nowMs - clock.stillSinceMs;
  if (kind === "data_load" && operation.fromRow === true) return judgeOrphanedLoad(evidence, operation);
  if (still < STILL_POLLS * patience.pollIntervalMs) return wait(evidence, "running", operation, [], false);
  if (kind === "data_load") return stillWaiting(evidence, operation, [], false);
  return askOr(evidence, operation, "stale_view");
}

/** The API alone is not believed here: asks the worker, or judges the worker's answer. */
function askOr(evidence: Evidence, operation: Operation, fault: FaultSeen): Diagnosis {
  const { worker } = evidence;
  if (worker.kind === "not_asked") return { kind: "ask_worker" };
  if (worker.kind === "silent") return stillWaiting(evidence, operation, [], false);
  if (worker.kind === "refused") return judgeRefused(evidence, operation);
  return judgeWorkerAnswer(evidence, operation, worker, fault);
}

function judgeWorkerAnswer(
  evidence: Evidence,
  operation: Operation,
  worker: Extract<WorkerEvidence, { kind: "answers" }>,
  fault: FaultSeen,
): Diagnosis {
  const own = worker.operation;
  if (own !== null && holdsResult(evidence.kind, own.result)) return succeeded(own, [fault]);
  if (own !== null && own.status === "completed") return succeeded(own, [fault]);
  if (own !== null && own.status === "failed" && !isBookkeepingFailure(own)) return failed(own);
  const computes =
    !isCopy(own) &&
    (worker.health.currentOperationId === operation.operationId ||
      // One worker with two operations names only one of them (docs/ktrdr.md §3.5).
      (worker.health.busy && own !== null && own.status === "running"));
  // After a restart of the API the worker still computes, and its view is the newer one.
  if (computes && own !== null) {
    const lags = operation.status !== "running" || own.percent > operation.percent;
    return stillWaiting(evidence, own, lags ? [fault] : [], false);
  }
  if (computes) return stillWaiting(evidence, operation, [], false);
  return judgeIdle(evidence, operation);
}

/**
 * A restarted worker that was asked about the operation keeps a copy of KTRDR's row, and calls itself busy with it for
 * ever. The row is still pending when the worker died before it wrote `running`; no worker computes what it calls
 * pending.
 */
function isCopy(own: Operation | null): boolean {
  if (own === null) return false;
  return own.status === "pending" || (own.status === "running" && own.fromRow === true);
}

/** The worker lives but does not compute this operation. */
function judgeIdle(evidence: Evidence, operation: Operation): Diagnosis {
  if (!deadLongEnough(evidence)) return wait(evidence, "verifying", operation, [], true);
  if (operation.status === "cancelled") return judgeCancelled(operation);
  if (operation.status === "failed") {
    return {
      kind: "lost",
      fault: "worker_died",
      why: "KTRDR calls it failed without a reason and no worker computes it",
    };
  }
  return { kind: "lost", fault: "worker_died", why: "its worker does not compute it any more" };
}

/** An earlier attempt of ours may have cancelled the operation because it was dead: nobody asked for that. */
function judgeCancelled(operation: Operation): Diagnosis {
  if (operation.errorMessage?.includes(DEAD_REASON) !== true) return failed(operation);
  return { kind: "lost", fault: "worker_died", why: "it was found dead before" };
}

/** Nothing listens at the worker's address. That is believed once the registry agrees. */
function judgeRefused(evidence: Evidence, operation: Operation): Diagnosis {
  if (isGone(evidence.worker, evidence.registry) && deadLongEnough(evidence)) {
    return { kind: "lost", fault: "worker_died", why: "its worker process is gone" };
  }
  return wait(evidence, "verifying", operation, [], true);
}

function judgeNotFound(evidence: Evidence): Diagnosis {
  const { clock, worker, kind, patience } = evidence;
  const since = clock.notFoundSinceMs ?? clock.nowMs;
  if (clock.nowMs - since < patience.notFoundGraceMs) return wait(evidence, "verifying", null, [], false);
  if (kind === "data_load") return { kind: "lost", fault: "lost_operation", why: "KTRDR no longer knows it" };
  if (worker.kind === "not_asked") return { kind: "ask_worker" };
  if (worker.kind === "silent") return stillWaiting(evidence, null, [], false);
  if (worker.kind === "answers" && worker.operation !== null) {
    return judgeWorkerAnswer(evidence, worker.operation, worker, "lost_operation");
  }
  if (worker.kind === "answers" && worker.health.busy && worker.health.currentOperationId === null) {
    return stillWaiting(evidence, null, [], false);
  }
  if (!deadLongEnough(evidence)) return wait(evidence, "verifying", null, [], true);
  return { kind: "lost", fault: "lost_operation", why: "KTRDR does not know it and no worker computes it" };
}

/** The API's answer is unusable: the worker's may be better; else the next looks decide. */
function judgeUnusable(evidence: Evidence): Diagnosis {
  const { worker, kind } = evidence;
  if (worker.kind === "not_asked" && kind !== "data_load") return { kind: "ask_worker" };
  if (worker.kind !== "answers" || worker.operation === null) return stillWaiting(evidence, null, [], false);
  return judgeWorkerAnswer(evidence, worker.operation, worker, "stale_view");
}

function deadLongEnough({ clock, patience }: Evidence): boolean {
  return clock.deadSinceMs !== null && clock.nowMs - clock.deadSinceMs >= patience.deadGraceMs;
}

/** Waits, unless nothing has moved for so long that the job must end. */
function stillWaiting(
  evidence: Evidence,
  view: Operation | null,
  faults: readonly FaultSeen[],
  looksDead: boolean,
): Diagnosis {
  const still = evidence.clock.nowMs - evidence.clock.stillSinceMs;
  if (still >= evidence.patience.stallFailAfterMs) {
    return {
      kind: "failed",
      code: "computation_stalled",
      what: `The computation made no progress for ${Math.round(still / 60_000)} minutes.`,
      why: view === null ? null : `It stands at ${view.percent.toFixed(0)} % (${view.step || "no step named"}).`,
      view,
    };
  }
  return wait(evidence, "running", view, faults, looksDead);
}

function wait(
  { clock, patience }: Evidence,
  phase: "running" | "ktrdr_unreachable" | "verifying",
  view: Operation | null,
  faults: readonly FaultSeen[],
  looksDead: boolean,
): Diagnosis {
  const stalled = phase === "running" && clock.nowMs - clock.stillSinceMs >= patience.stallAfterMs;
  return { kind: "wait", phase: stalled ? "stalled" : phase, view, faults, looksDead };
}

function succeeded(operation: Operation, faults: readonly FaultSeen[]): Diagnosis {
  return { kind: "succeeded", result: operation.result ?? {}, faults };
}

function failed(operation: Operation): Diagnosis {
  return {
    kind: "failed",
    code: operation.status === "cancelled" ? "cancelled_at_ktrdr" : "computation_failed",
    what:
      operation.status === "cancelled"
        ? "The computation was cancelled in KTRDR by somebody else."
        : "KTRDR reports that the computation failed.",
    why: inWords(operation.errorMessage),
    view: operation,
  };
}
