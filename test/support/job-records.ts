import { hash } from "node:crypto";
import type { JobOutcome } from "../../src/domain/outcome.ts";
import type { TrainingRequest, TrainingResult } from "../../src/domain/kinds/training.ts";
import type { Engine } from "../../src/domain/result.ts";
import type { BacktestResult } from "../../src/domain/kinds/backtest.ts";
import type { JobWriter } from "../../src/store/job-writer.ts";
import { BACKTEST, inputOf, outcomeOf, TRAINING } from "./job-inputs.ts";

const ENGINE: Engine = { name: "sandbox", version: "sandbox-1.0.0" };

export function trainingResult(more: Partial<TrainingResult> = {}): TrainingResult {
  return {
    kind: "training",
    modelPath: "models/probe/1d_v1",
    strategy: "probe",
    symbol: "SPX",
    timeframe: "1d",
    startDate: "2000-01-03",
    endDate: "2014-12-31",
    epochsTrained: 100,
    bestEpoch: 61,
    bestValLoss: 0.987654321,
    savedEpoch: (more.epochsTrained ?? 100) - 1,
    finalTrainLoss: 0.9,
    finalValLoss: 1.01,
    bestValAccuracy: 0.51234567,
    finalValAccuracy: 0.5,
    testAccuracy: 0.49,
    testLoss: 1.02,
    precision: 0.4,
    recall: 0.5,
    f1: 0.44,
    regression: false,
    mae: null,
    baseRate: null,
    parameters: 500,
    featureCount: 8,
    samples: 3_700,
    trainingSeconds: 7.7,
    data: null,
    curve: {
      trainLoss: Array.from({ length: 100 }, (_, epoch) => 1.1 - epoch / 1_000),
      valLoss: Array.from({ length: 100 }, (_, epoch) => 1.2 - epoch / 2_000),
      trainAccuracy: [],
      valAccuracy: [],
    },
    caveats: [{ code: "overfit", text: "Validation loss rises after epoch 61." }],
    engine: ENGINE,
    ...more,
  };
}

export function backtestResult(more: Partial<BacktestResult> = {}): BacktestResult {
  return {
    kind: "backtest",
    strategy: "probe",
    symbol: "SPX",
    timeframe: "1d",
    startDate: "2015-01-02",
    endDate: "2019-12-31",
    modelPath: "models/probe/1d_v1",
    initialCapital: 100_000,
    commission: 0.001,
    slippage: 0.0005,
    totalReturn: 0.0093023,
    annualReturn: 0.0018548,
    sharpe: 0.1073953,
    sortino: 0.1032035,
    volatility: 0.0198343,
    maxDrawdown: 0.0607304,
    calmar: 0.0305423,
    trades: 42,
    winRate: 0.4047619,
    profitFactor: 1.05,
    avgHoldingHours: 605.14,
    equityPoints: 1_208,
    buyAndHold: { totalReturn: 0.57, annualReturn: 0.098, sharpe: 0.76, maxDrawdown: 0.1978, bars: 1_208 },
    raw: { total_return: 930.2292, profit_factor: 1.1858578, sharpe_ratio: more.sharpe ?? 0.1073953 },
    data: null,
    caveats: [{ code: "entry_costs", text: "Trade statistics leave out the entry commission." }],
    engine: ENGINE,
    ...more,
  };
}

/** A finished training in the record, as the worker would have left it. `text` is that of its strategy. */
export async function recordTraining(
  writer: JobWriter,
  jobId: string,
  more: Partial<TrainingResult> = {},
  text: string | null = null,
) {
  const strategySha256 = text === null ? TRAINING.strategySha256 : hash("sha256", Buffer.from(text));
  await writer.admit(inputOf(jobId, { ...TRAINING, strategySha256 }), text);
  const outcome = { ...outcomeOf(jobId, "completed"), headline: "Trained 100 epochs." };
  await writer.finish(jobId, outcome, trainingResult(more), ENGINE);
}

/** A finished backtest of the training's model in the record. */
export async function recordBacktest(
  writer: JobWriter,
  jobId: string,
  trainingJobId: string | null,
  more: Partial<BacktestResult> = {},
) {
  await writer.admit(inputOf(jobId, { ...BACKTEST, trainingJobId }), null);
  const outcome = { ...outcomeOf(jobId, "completed"), headline: "Returned 0.9 %." };
  await writer.finish(jobId, outcome, backtestResult(more), ENGINE);
}

/** A job that ended without a result. */
export async function recordEnd(
  writer: JobWriter,
  jobId: string,
  outcome: Partial<JobOutcome> & Pick<JobOutcome, "status">,
) {
  await writer.admit(inputOf(jobId, TRAINING), null);
  await writer.finish(jobId, { ...outcomeOf(jobId, outcome.status), ...outcome }, null, ENGINE);
}

/** An admitted job that has not ended. */
export async function recordOpen(writer: JobWriter, jobId: string, request: Partial<TrainingRequest> = {}) {
  await writer.admit(inputOf(jobId, { ...TRAINING, ...request }), null);
}
