import { readFileSync, readdirSync, existsSync } from "node:fs";
import { join } from "node:path";
import type { TrainingCheckpoint, TrainingState } from "../engine/api-types.ts";
import type { RunCancelled } from "../engine/errors.ts";
import { train } from "../engine/train.ts";
import { readMarkets } from "./markets.ts";
import { parseIsoDate, naiveStamp } from "../http/validation.ts";
import type { CheckpointRow } from "../state/database.ts";
import type { Operation } from "../state/operation.ts";
import { newOperation, newOperationId } from "../state/operation.ts";
import type { WorkerContext } from "./context.ts";
import type { CheckpointContent, Run } from "./lifecycle.ts";
import { reportProgress, saveCheckpoint, stall } from "./lifecycle.ts";

/** Body of a worker's `POST /training/start` (docs/ktrdr.md §2.16). Dates ISO. */
export interface TrainingRequest {
  readonly taskId: string | undefined;
  readonly strategyYaml: string;
  readonly strategyPath: string;
  readonly symbols: readonly string[];
  readonly timeframes: readonly string[];
  readonly startDate: string;
  readonly endDate: string;
}

/** KTRDR writes a periodic checkpoint every ten epochs (docs/ktrdr.md §2.12). */
const CHECKPOINT_EPOCHS = 10;

function stamp(date: string): string | null {
  const time = parseIsoDate(date);
  return time === undefined ? null : naiveStamp(time);
}

function operationOf(worker: WorkerContext, request: TrainingRequest): Operation {
  return newOperation(request.taskId ?? newOperationId("training"), "training", {
    symbol: request.symbols[0] ?? null,
    timeframe: request.timeframes[0] ?? null,
    mode: "training",
    start_date: stamp(request.startDate),
    end_date: stamp(request.endDate),
    parameters: {
      strategy_yaml: request.strategyYaml.slice(0, 100),
      symbols: request.symbols,
      timeframes: request.timeframes,
      start_date: request.startDate,
      end_date: request.endDate,
      worker_id: worker.settings.workerId,
    },
  });
}

function contentOf(checkpoint: TrainingCheckpoint, request: TrainingRequest): CheckpointContent {
  const original = {
    strategy_path: request.strategyPath,
    symbols: request.symbols,
    timeframes: request.timeframes,
    start_date: request.startDate,
    end_date: request.endDate,
  };
  return { state: { ...checkpoint.state, original_request: original }, artifacts: checkpoint.artifacts };
}

function makeRun(
  worker: WorkerContext,
  request: TrainingRequest,
  operation: Operation,
  resume: TrainingCheckpoint | undefined,
): Run {
  const id = operation.operation_id;
  return {
    operation,
    firstStep: "Starting v3 training pipeline",
    cancelledAs: resume === undefined ? "cancellation" : "failure",
    async compute({ controller, epochs }) {
      const { signal } = controller;
      await stall(worker, operation, signal);
      const place = { operationId: id, kind: "training" };
      const slow = worker.faults.find("slow_computing", place);
      const result = await train({
        strategyYaml: request.strategyYaml,
        markets: await readMarkets(worker.folder.data, request),
        timeframe: request.timeframes[0] ?? "",
        startDate: request.startDate,
        endDate: request.endDate,
        modelsDir: worker.folder.models,
        operationId: id,
        ...(worker.settings.seed === undefined ? {} : { seed: worker.settings.seed }),
        epochDelayMs: slow?.epochDelayMs ?? worker.settings.epochDelayMs,
        ...(resume === undefined ? {} : { resume }),
        signal,
        onProgress: (progress) => reportProgress(worker, operation, progress),
        onEpoch: async (metrics, checkpoint) => {
          epochs.push(metrics);
          operation.metrics = { epochs };
          const isDue = metrics.epoch > 0 && metrics.epoch % CHECKPOINT_EPOCHS === 0;
          if (isDue) savePeriodic(worker, id, contentOf(checkpoint(), request));
          await stall(worker, operation, signal);
        },
      });
      const spoiled = worker.faults.find("training_error_in_completed", place) !== undefined;
      const error = { error: "Training produced NaN loss" };
      return { ...result, training_metrics: spoiled ? error : result.training_metrics };
    },
    checkpoint(stopped: RunCancelled<unknown>) {
      const kept = stopped.checkpoint as TrainingCheckpoint | undefined;
      return kept === undefined ? undefined : contentOf(kept, request);
    },
  };
}

function savePeriodic(worker: WorkerContext, id: string, content: CheckpointContent): void {
  try {
    saveCheckpoint(worker, id, "periodic", content);
  } catch {
    // A short outage of the database does a running training no harm (recording 16).
  }
}

export function newTrainingRun(worker: WorkerContext, request: TrainingRequest): Run {
  return makeRun(worker, request, operationOf(worker, request), undefined);
}

/** Goes on after the checkpoint's epoch. The strategy file must still be on disk, as at KTRDR. */
export function resumedTrainingRun(worker: WorkerContext, operation: Operation, row: CheckpointRow): Run {
  const { original_request: original, ...state } = row.state as unknown as TrainingState & {
    original_request: {
      strategy_path: string;
      symbols: string[];
      timeframes: string[];
      start_date: string;
      end_date: string;
    };
  };
  const request: TrainingRequest = {
    taskId: operation.operation_id,
    strategyYaml: readFileSync(original.strategy_path, "utf8"),
    strategyPath: original.strategy_path,
    symbols: original.symbols,
    timeframes: original.timeframes,
    startDate: original.start_date,
    endDate: original.end_date,
  };
  const folder = row.artifacts_path ?? "";
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const artifacts = Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
  return makeRun(worker, request, operation, { state, artifacts });
}
