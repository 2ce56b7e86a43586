import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { join } from "node:path";
import { RunCancelled } from "../engine/errors.ts";
import type { RunProgress } from "../engine/api-types.ts";
import type { CheckpointRow } from "../state/database.ts";
import type { Operation } from "../state/operation.ts";
import { emptyProgress, rowFromOperation, wireNow } from "../state/operation.ts";
import type { WorkerContext } from "./context.ts";
import { SHUTDOWN } from "./shutdown.ts";
import type { Computation } from "./operations-memory.ts";

/** What a run keeps when it is stopped. A resume starts from it. */
export interface CheckpointContent {
  readonly state: Record<string, unknown>;
  readonly artifacts: Readonly<Record<string, string>>;
}

/** One kind of computing, from request to result. */
export interface Run {
  readonly operation: Operation;
  /** `current_step` before the first real progress. */
  readonly firstStep: string;
  compute(computation: Computation): Promise<Record<string, unknown>>;
  /** What is kept when the run was stopped; undefined when nothing is. */
  checkpoint(stopped: RunCancelled<unknown>): CheckpointContent | undefined;
  /** Type of a cancelled run's checkpoint. KTRDR takes a cancelled resumed training for a failure. */
  readonly cancelledAs: "cancellation" | "failure";
}

function place(operation: Operation): { operationId: string; kind: string } {
  return { operationId: operation.operation_id, kind: operation.operation_type };
}

/** Writes a checkpoint with its artifact files. An operation has only one. */
export function saveCheckpoint(
  worker: WorkerContext,
  operationId: string,
  type: CheckpointRow["checkpoint_type"],
  content: CheckpointContent,
): void {
  const folder = worker.database.artifactsPath(operationId);
  const names = Object.keys(content.artifacts);
  if (names.length > 0) mkdirSync(folder, { recursive: true });
  for (const name of names) writeFileSync(join(folder, name), content.artifacts[name] ?? "");
  worker.database.saveCheckpoint({
    operation_id: operationId,
    checkpoint_type: type,
    created_at: wireNow(),
    state: content.state,
    artifacts_path: names.length > 0 ? folder : null,
  });
}

/** Copies the run's progress into the operation and lets the faults of computing strike. */
export function reportProgress(worker: WorkerContext, operation: Operation, progress: RunProgress): void {
  operation.progress = {
    ...emptyProgress(progress.percentage),
    current_step: progress.currentStep,
    steps_completed: progress.stepsCompleted,
    steps_total: progress.stepsTotal,
    items_processed: progress.itemsProcessed,
  };
  const dying = worker.faults.list().find((one) => one.fault === "worker_dies");
  if (dying === undefined || progress.percentage < (dying.percent ?? 0)) return;
  if (worker.faults.find("worker_dies", place(operation)) !== undefined) process.kill(process.pid, "SIGKILL");
}

/** Waits as long as the fault `computing_stalls` is on for this operation from its percentage on. */
export async function stall(worker: WorkerContext, operation: Operation, signal: AbortSignal): Promise<void> {
  const isStalled = (): boolean => {
    const fault = worker.faults.list().find((one) => one.fault === "computing_stalls");
    if (fault === undefined || operation.progress.percentage < (fault.percent ?? 0)) return false;
    return worker.faults.find("computing_stalls", place(operation)) !== undefined;
  };
  while (!signal.aborted && isStalled()) await wait(50, undefined, { signal }).catch(() => undefined);
}

/**
 * Starts a fresh run in the background, as KTRDR's worker does, whose HTTP answer is already on the way. When the row
 * cannot be written (database away, id used before), the run is over before anybody could see it.
 */
export function startRun(worker: WorkerContext, run: Run): void {
  void (async () => {
    const { operation } = run;
    const id = operation.operation_id;
    if (worker.faults.find("lost_operation", place(operation)) !== undefined) return;
    try {
      worker.database.insertOperation(rowFromOperation(operation));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      worker.log.write("request", id, operation.operation_type, `start came to nothing: ${reason}`);
      return;
    }
    await execute(worker, run);
  })();
}

/** Continues a stopped run in the background. */
export function continueRun(worker: WorkerContext, run: Run): void {
  void execute(worker, run);
}

async function execute(worker: WorkerContext, run: Run): Promise<void> {
  const { operation } = run;
  const id = operation.operation_id;
  const ended = Promise.withResolvers<void>();
  const computation: Computation = { operation, controller: new AbortController(), ended, epochs: [] };
  worker.memory.begin(computation);
  operation.status = "running";
  operation.started_at = wireNow();
  operation.progress = { ...emptyProgress(), current_step: run.firstStep };
  let how = "completed";
  worker.log.write("start", id, operation.operation_type, "");
  try {
    worker.database.updateOperation(id, { status: "running", started_at: operation.started_at });
    const failure = worker.faults.find("computing_fails", place(operation));
    if (failure !== undefined) throw new Error(failure.message ?? "Computing failed");
    complete(worker, operation, await run.compute(computation));
  } catch (error) {
    how = conclude(worker, run, computation, error);
  } finally {
    worker.log.write("end", id, operation.operation_type, how);
    ended.resolve();
  }
}

function complete(worker: WorkerContext, operation: Operation, result: Record<string, unknown>): void {
  const id = operation.operation_id;
  operation.result_summary = result;
  const end = { status: "completed" as const, completed_at: wireNow(), result, progress_percent: 100 };
  worker.database.updateOperation(id, end);
  worker.database.deleteCheckpoint(id);
  worker.memory.end(id);
}

/** Ends a stopped or failed run. Returns which, for the log. An unwritten failure stays in memory (recording 16). */
function conclude(worker: WorkerContext, run: Run, computation: Computation, error: unknown): string {
  const { operation } = run;
  const id = operation.operation_id;
  if (error instanceof RunCancelled || computation.controller.signal.aborted) {
    const kept = error instanceof RunCancelled ? run.checkpoint(error) : undefined;
    const type = computation.controller.signal.reason === SHUTDOWN ? "shutdown" : run.cancelledAs;
    try {
      if (kept !== undefined) saveCheckpoint(worker, id, type, kept);
      worker.memory.end(id);
    } catch {
      // Then there is nothing to resume from.
    }
    return "cancelled";
  }
  const message = error instanceof Error ? error.message : String(error);
  operation.status = "failed";
  operation.error_message = message;
  operation.completed_at = wireNow();
  if (operation.result_summary !== null) operation.progress.percentage = 100;
  try {
    const { status, completed_at } = operation;
    worker.database.updateOperation(id, { status, completed_at, error_message: message });
    worker.memory.end(id);
  } catch {
    // Only this memory knows how it ended.
  }
  return `failed: ${message}`;
}
