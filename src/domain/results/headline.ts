/** One line per result for status answers and operators. Zod-free: workflows may import it. */
import { isBranded } from "../insistence.ts";
import type { BacktestResult, BatchResult, JobResult, Spread, TrainingResult, TrainingSetResult } from "../result.ts";

const percent = (ratio: number | null, digits = 1): string =>
  ratio === null ? "unknown" : `${(ratio * 100).toFixed(digits)} %`;
const loss = (value: number | null): string => (value === null ? "unknown" : value.toPrecision(4));

/** The figures that matter first, in at most about 160 characters. */
export const headline = (result: JobResult): string =>
  isBranded(result) ? `LOOKS AHEAD, proves nothing: ${line(result)}` : line(result);

function line(result: JobResult): string {
  switch (result.kind) {
    case "training":
      return training(result);
    case "backtest":
      return backtest(result);
    case "training_set":
      return trainingSet(result);
    case "batch":
      return batch(result);
    case "data_load":
      return `${result.symbol} ${result.timeframe}: ${result.bars} bars ${day(result.firstBar)} to ${day(result.lastBar)}${result.barsAdded === null ? "" : `, ${result.barsAdded} added`}`;
  }
}

function training(result: TrainingResult): string {
  const { epochsTrained, finalValLoss, finalValAccuracy, testAccuracy, baseRate, modelPath, mae } = result;
  const saved = (result.savedEpoch ?? epochsTrained - 1) + 1;
  const base = baseRate?.test == null ? "" : `, always ${baseRate.test.label} ${percent(baseRate.test.share)}`;
  const accuracy = `${result.regression === true ? "directional accuracy" : "accuracy"} ${percent(finalValAccuracy)} (test ${percent(testAccuracy)}${base})`;
  const error = mae == null ? "" : `, MAE ${loss(mae)}`;
  return `model of epoch ${saved} of ${epochsTrained}: validation loss ${loss(finalValLoss)}, ${accuracy}${error}${bestText(result, saved)}; ${modelPath}`;
}

/** Whose weights do not exist. */
function bestText({ bestEpoch, bestValLoss }: TrainingResult, saved: number): string {
  if (bestEpoch === null || bestEpoch + 1 === saved) return "";
  return `; the best loss, ${loss(bestValLoss)} at epoch ${bestEpoch + 1}, was not saved`;
}

function backtest(result: BacktestResult): string {
  const hold = result.buyAndHold;
  const beside =
    hold === null
      ? ""
      : `; buy-and-hold ${percent(hold.totalReturn, 2)}, Sharpe ${hold.sharpe?.toFixed(2) ?? "undefined"}`;
  return `return ${percent(result.totalReturn, 2)}, Sharpe ${result.sharpe === null ? "undefined" : result.sharpe.toFixed(2)}, drawdown ${percent(result.maxDrawdown)}, ${result.trades} trades${beside}`;
}

function trainingSet(result: TrainingSetResult): string {
  const of = (name: string, spread: Spread | null, format: (value: number) => string): string[] =>
    spread === null ? [] : [`${name} ${format(spread.median)} (${format(spread.min)} to ${format(spread.max)})`];
  const figures = [
    ...of("validation loss", result.finalValLoss ?? result.bestValLoss, loss),
    ...of(result.regression === true ? "directional test accuracy" : "test accuracy", result.testAccuracy, percent),
  ];
  return `${result.completed} of ${result.requested} trainings; median ${figures.join(", ") || "unknown"}`;
}

const batch = ({ items, completed, failed, cancelled, reused }: BatchResult): string =>
  [
    `${completed} of ${items} items completed`,
    ...(reused === 0 ? [] : [`${reused} of them known before`]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(cancelled === 0 ? [] : [`${cancelled} cancelled`]),
  ].join(", ");

const day = (time: string): string => time.slice(0, 10);
