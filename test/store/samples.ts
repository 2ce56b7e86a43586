import { hash, randomUUID } from "node:crypto";
import type { JobInput } from "../../src/domain/job.ts";
import type { BacktestRequest, BacktestResult } from "../../src/domain/kinds/backtest.ts";
import type { JobOutcome } from "../../src/domain/outcome.ts";
import type { JobRequest } from "../../src/domain/kinds/index.ts";
import type { TrainingRequest, TrainingResult } from "../../src/domain/kinds/training.ts";
import type { Engine } from "../../src/domain/result.ts";

export const engine: Engine = { name: "sandbox", version: "1.2.3" };

export const trainingRequest: TrainingRequest = {
  kind: "training",
  strategy: "rsi_reversion",
  strategySha256: "ab".repeat(32),
  symbol: "SPX",
  timeframe: "1d",
  startDate: "2000-01-01",
  endDate: "2014-12-31",
  draw: 1,
};

export const backtestRequest: BacktestRequest = {
  kind: "backtest",
  strategy: "rsi_reversion",
  symbol: "SPX",
  timeframe: "1d",
  startDate: "2015-01-01",
  endDate: "2019-12-31",
  modelPath: "models/rsi_reversion/1d_v1",
  trainingJobId: null,
  initialCapital: 100_000,
  commission: 0.001,
  slippage: 0.0005,
};

/** A job that differs from every other job. */
export function jobInput(request: JobRequest = trainingRequest, changes: Partial<JobInput> = {}): JobInput {
  const nonce = randomUUID();
  return {
    jobId: `${request.kind}-${nonce}`,
    requestHash: hash("sha256", nonce),
    request,
    forceReason: null,
    parentJobId: null,
    priority: 3,
    client: "test client",
    settings: {
      pollIntervalMs: 100,
      stallAfterMs: 1_000,
      stallFailAfterMs: 5_000,
      maxComputations: 3,
      notFoundGraceMs: 500,
      deadGraceMs: 500,
      startInFlightMs: 2_000,
    },
    ...changes,
  };
}

export function outcome(jobId: string, changes: Partial<JobOutcome> = {}): JobOutcome {
  return {
    jobId,
    status: "completed",
    failure: null,
    partial: null,
    faultsSeen: ["completed_turned_failed"],
    operationIds: ["op_1"],
    headline: "validation accuracy 0.52",
    ...changes,
  };
}

export function failedOutcome(jobId: string): JobOutcome {
  return outcome(jobId, {
    status: "failed",
    failure: { code: "computation_failed", what: "The training failed.", why: "No bars.", next: null },
    partial: { percent: 12.5, step: "epoch 3", epochsSeen: 3, bestValLoss: 0.9, bestValAccuracy: null },
    headline: "failed: no bars",
  });
}

export const trainingResult: TrainingResult = {
  kind: "training",
  modelPath: "models/rsi_reversion/1d_v1",
  strategy: "rsi_reversion",
  symbol: "SPX",
  timeframe: "1d",
  startDate: "2000-01-01",
  endDate: "2014-12-31",
  epochsTrained: 3,
  bestEpoch: 1,
  bestValLoss: 0.683_221_987_654_321,
  savedEpoch: 2,
  finalTrainLoss: 0.66,
  finalValLoss: 0.7,
  bestValAccuracy: 0.55,
  finalValAccuracy: 0.53,
  testAccuracy: 0.51,
  testLoss: null,
  precision: null,
  recall: null,
  f1: null,
  regression: false,
  mae: null,
  baseRate: null,
  parameters: 1_234,
  featureCount: 6,
  samples: 3_700,
  trainingSeconds: 12.25,
  data: null,
  curve: {
    trainLoss: [0.7, 0.68, 0.66],
    valLoss: [0.69, 0.683, 0.7],
    trainAccuracy: [],
    valAccuracy: [0.5, 0.55, 0.53],
  },
  caveats: [{ code: "no_seed", text: "One random draw." }],
  engine,
};

export const backtestResult: BacktestResult = {
  kind: "backtest",
  strategy: "rsi_reversion",
  symbol: "SPX",
  timeframe: "1d",
  startDate: "2015-01-01",
  endDate: "2019-12-31",
  modelPath: "models/rsi_reversion/1d_v1",
  initialCapital: 100_000,
  commission: 0.001,
  slippage: 0.0005,
  totalReturn: 0.12,
  annualReturn: 0.023,
  sharpe: 0.37,
  sortino: 0.5,
  volatility: 0.11,
  maxDrawdown: 0.2,
  calmar: 0.115,
  trades: 42,
  winRate: 0.5,
  profitFactor: 1.1,
  avgHoldingHours: 96,
  equityPoints: 1_200,
  buyAndHold: { totalReturn: 0.6, annualReturn: 0.1, sharpe: 0.8, maxDrawdown: 0.19, bars: 1_200 },
  raw: { sharpe_ratio: 0.37, max_drawdown: -20_123.5 },
  data: null,
  caveats: [],
  engine,
};
