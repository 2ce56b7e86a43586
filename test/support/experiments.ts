import type { Stack } from "./mcp-stack.ts";
import { recordBacktest, recordTraining } from "./job-records.ts";

/** Arguments of start_experiment for tests that are about something else. */
export const EXPECTED = {
  hypothesis: "Dips pay after costs.",
  metric: "sharpe",
  threshold: 0.5,
  runs: 2,
  symbol: "SPX",
  timeframe: "1d",
  start_date: "2015-01-02",
  end_date: "2019-12-31",
} as const;

export async function begun(stack: Stack, more: Record<string, unknown> = {}): Promise<string> {
  return String((await stack.ask("start_experiment", { ...EXPECTED, ...more }))["experiment_id"]);
}

/** Records a backtest of a model of its own. It is a run of the experiment before it is on record. */
export async function ran(stack: Stack, experimentId: string, jobId: string, sharpe: number): Promise<void> {
  const training = `train-of-${jobId}`;
  const modelPath = `models/${jobId}`;
  await recordTraining(stack.writer, training, { modelPath });
  await stack.deps.records.experiments.attach(experimentId, jobId);
  await recordBacktest(stack.writer, jobId, training, { sharpe, modelPath });
}
