/** A night of research on record, as the page's tests read it. */
import { EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import type { BacktestResult } from "../../src/domain/kinds/backtest.ts";
import type { TrainingResult } from "../../src/domain/kinds/training.ts";
import type { JobWriter } from "../../src/store/job-writer.ts";
import { BACKTEST, inputOf, outcomeOf, TRAINING } from "./job-inputs.ts";
import { backtestResult, recordTraining } from "./job-records.ts";

interface Draws {
  readonly strategy: string;
  readonly symbol: string;
  /** Annual Sharpe ratio of each draw's backtest. */
  readonly sharpes: readonly number[];
  readonly training?: Partial<TrainingResult>;
  readonly backtest?: Partial<BacktestResult>;
}

/** Draws of one strategy, each trained and backtested. @returns the ids of the backtests */
export async function recordDraws(writer: JobWriter, { strategy, symbol, sharpes, training, backtest }: Draws) {
  const ids: string[] = [];
  for (const [at, sharpe] of sharpes.entries()) {
    const [trainingJobId, jobId] = [`train-${strategy}-${symbol}-${at}`, `backtest-${strategy}-${symbol}-${at}`];
    const modelPath = `models/${trainingJobId}`;
    await recordTraining(writer, trainingJobId, { strategy, symbol, modelPath, ...training }, EXAMPLE_STRATEGY);
    const request = { ...BACKTEST, strategy, symbol, trainingJobId, modelPath };
    await writer.admit(inputOf(jobId, request), EXAMPLE_STRATEGY);
    const result = backtestResult({ strategy, symbol, modelPath, sharpe, totalReturn: sharpe / 10, ...backtest });
    const outcome = { ...outcomeOf(jobId, "completed"), headline: `Sharpe ${sharpe}` };
    await writer.finish(jobId, outcome, result, result.engine);
    ids.push(jobId);
  }
  return ids;
}

/** A training that failed, for a reason in somebody's words. */
export async function recordFailure(writer: JobWriter, jobId: string, what: string): Promise<void> {
  await writer.admit(inputOf(jobId, { ...TRAINING, strategy: `failing_${jobId}` }), null);
  const failure = { code: "computation_failed" as const, what, why: null, next: null };
  await writer.finish(jobId, { ...outcomeOf(jobId, "failed"), failure, headline: what }, null, null);
}
