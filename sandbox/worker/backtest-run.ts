import type { BacktestCheckpoint } from "../engine/api-types.ts";
import { runBacktest } from "../engine/backtest.ts";
import { readBars } from "../engine/price-file.ts";
import type { RunCancelled } from "../engine/errors.ts";
import { naiveStamp, parseIsoDate } from "../http/validation.ts";
import type { CheckpointRow } from "../state/database.ts";
import type { Operation } from "../state/operation.ts";
import { newOperation, newOperationId } from "../state/operation.ts";
import type { WorkerContext } from "./context.ts";
import type { CheckpointContent, Run } from "./lifecycle.ts";
import { reportProgress, saveCheckpoint, stall } from "./lifecycle.ts";

/** Body of a worker's `POST /backtests/start`, which is also what its checkpoint keeps (docs/ktrdr.md §2.16). */
export interface BacktestRequest {
  readonly strategy_name: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly timeframes: readonly string[];
  readonly start_date: string;
  readonly end_date: string;
  readonly initial_capital: number;
  readonly commission: number;
  readonly slippage: number;
  readonly model_path: string | null;
}

function operationOf(worker: WorkerContext, taskId: string | undefined, request: BacktestRequest): Operation {
  const stamp = (date: string): string | null => {
    const time = parseIsoDate(date);
    return time === undefined ? null : naiveStamp(time);
  };
  return newOperation(taskId ?? newOperationId("backtesting"), "backtesting", {
    symbol: request.symbol,
    timeframe: request.timeframe,
    mode: "backtesting",
    start_date: stamp(request.start_date),
    end_date: stamp(request.end_date),
    parameters: {
      strategy_name: request.strategy_name,
      initial_capital: request.initial_capital,
      commission: request.commission,
      slippage: request.slippage,
      worker_id: worker.settings.workerId,
    },
  });
}

function contentOf(checkpoint: BacktestCheckpoint, request: BacktestRequest): CheckpointContent {
  return { state: { ...checkpoint, original_request: request }, artifacts: {} };
}

function makeRun(
  worker: WorkerContext,
  request: BacktestRequest,
  operation: Operation,
  resume: BacktestCheckpoint | undefined,
): Run {
  const id = operation.operation_id;
  return {
    operation,
    firstStep: "",
    cancelledAs: "cancellation",
    async compute({ controller }) {
      const { signal } = controller;
      const slow = worker.faults.find("slow_computing", { operationId: id, kind: "backtesting" });
      if (request.model_path === null) throw new Error("model_path is required for backtesting");
      const { result } = await runBacktest({
        read: (timeframe) => readBars(worker.folder.data, request.symbol, timeframe),
        timeframes: request.timeframes,
        symbol: request.symbol,
        timeframe: request.timeframe,
        startDate: request.start_date,
        endDate: request.end_date,
        initialCapital: request.initial_capital,
        commission: request.commission,
        slippage: request.slippage,
        modelPath: request.model_path,
        workDir: worker.folder.root,
        barDelayMs: slow?.barDelayMs ?? worker.settings.barDelayMs,
        ...(resume === undefined ? {} : { resume }),
        signal,
        onProgress: async (progress) => {
          reportProgress(worker, operation, progress);
          await stall(worker, operation, signal);
        },
        onCheckpoint: (checkpoint) => {
          saveCheckpoint(worker, id, "periodic", contentOf(checkpoint(), request));
        },
      });
      return { ...result };
    },
    checkpoint(stopped: RunCancelled<unknown>) {
      const kept = stopped.checkpoint as BacktestCheckpoint | undefined;
      return kept === undefined ? undefined : contentOf(kept, request);
    },
  };
}

export function newBacktestRun(worker: WorkerContext, taskId: string | undefined, request: BacktestRequest): Run {
  return makeRun(worker, request, operationOf(worker, taskId, request), undefined);
}

/** Goes on at the checkpoint's bar. The figures then mix two scopes, as KTRDR's do (docs/ktrdr.md §9.12). */
export function resumedBacktestRun(worker: WorkerContext, operation: Operation, row: CheckpointRow): Run {
  const { original_request: request, ...state } = row.state as unknown as BacktestCheckpoint & {
    original_request: BacktestRequest;
  };
  return makeRun(worker, request, operation, state);
}
