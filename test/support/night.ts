/** A night of research on record, as the page's tests read it. */
import { hash } from "node:crypto";
import { EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import type { BacktestResult } from "../../src/domain/kinds/backtest.ts";
import type { TrainingResult } from "../../src/domain/kinds/training.ts";
import type { JobWriter } from "../../src/store/job-writer.ts";
import { BACKTEST, inputOf, outcomeOf, TRAINING } from "./job-inputs.ts";
import { backtestResult, trainingResult } from "./job-records.ts";

interface Draws {
  readonly strategy: string;
  readonly symbol: string;
  /** Annual Sharpe ratio of each draw's backtest. */
  readonly sharpes: readonly number[];
  readonly training?: Partial<TrainingResult>;
  readonly backtest?: Partial<BacktestResult>;
  /** Of the strategy; the example's unless given. */
  readonly text?: string;
}

/** Draws of one strategy, each trained and backtested. @returns the ids of the backtests */
export async function recordDraws(writer: JobWriter, draws: Draws) {
  const { strategy, symbol, sharpes, training, backtest, text = EXAMPLE_STRATEGY } = draws;
  const strategySha256 = hash("sha256", Buffer.from(text));
  const ids: string[] = [];
  for (const [at, sharpe] of sharpes.entries()) {
    const [trainingJobId, jobId] = [`train-${strategy}-${symbol}-${at}`, `backtest-${strategy}-${symbol}-${at}`];
    const modelPath = `models/${trainingJobId}`;
    await writer.admit(inputOf(trainingJobId, { ...TRAINING, strategy, symbol, strategySha256, draw: at + 1 }), text);
    const trained = trainingResult({ strategy, symbol, modelPath, ...training });
    await writer.finish(trainingJobId, outcomeOf(trainingJobId, "completed"), trained, trained.engine);
    const request = { ...BACKTEST, strategy, strategySha256, symbol, trainingJobId, modelPath };
    await writer.admit(inputOf(jobId, request), text);
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
