import type { JobInput } from "../../src/domain/job.ts";
import type { BacktestRequest } from "../../src/domain/kinds/backtest.ts";
import type { ComputeRequest } from "../../src/domain/kinds/index.ts";
import type { JobOutcome } from "../../src/domain/outcome.ts";
import type { TrainingRequest } from "../../src/domain/kinds/training.ts";

export const SETTINGS: JobInput["settings"] = {
  pollIntervalMs: 100,
  stallAfterMs: 60_000,
  stallFailAfterMs: 120_000,
  maxComputations: 3,
  notFoundGraceMs: 500,
  deadGraceMs: 500,
  startInFlightMs: 2_000,
};

export const TRAINING: TrainingRequest = {
  kind: "training",
  strategy: "probe",
  strategySha256: "0".repeat(64),
  symbol: "SPX",
  timeframe: "1d",
  startDate: "2000-01-03",
  endDate: "2014-12-31",
  draw: 1,
};

export const BACKTEST: BacktestRequest = {
  kind: "backtest",
  strategy: "probe",
  symbol: "SPX",
  timeframe: "1d",
  startDate: "2015-01-02",
  endDate: "2019-12-31",
  modelPath: "models/probe/1d_v1",
  trainingJobId: null,
  initialCapital: 100_000,
  commission: 0.001,
  slippage: 0.0005,
};

export function inputOf<R extends ComputeRequest>(jobId: string, request: R, priority = 3): JobInput<R> {
  return {
    jobId,
    requestHash: jobId,
    request,
    forceReason: null,
    parentJobId: null,
    priority,
    client: "test",
    settings: SETTINGS,
  };
}

export function outcomeOf(jobId: string, status: JobOutcome["status"]): JobOutcome {
  return { jobId, status, failure: null, partial: null, faultsSeen: [], operationIds: [], headline: status };
}
