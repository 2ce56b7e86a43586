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
  const best = result.bestEpoch === null ? "" : `, best at epoch ${result.bestEpoch + 1}`;
  return `${result.epochsTrained} epochs${best}: validation loss ${loss(result.bestValLoss)}, accuracy ${percent(result.bestValAccuracy)} (test ${percent(result.testAccuracy)}); model ${result.modelPath}`;
}

function backtest(result: BacktestResult): string {
  const hold = result.buyAndHold;
  const beside =
    hold === null
      ? ""
      : `; buy-and-hold ${percent(hold.totalReturn, 2)}, Sharpe ${hold.sharpe?.toFixed(2) ?? "undefined"}`;
  return `return ${percent(result.totalReturn, 2)}, Sharpe ${result.sharpe.toFixed(2)}, drawdown ${percent(result.maxDrawdown)}, ${result.trades} trades${beside}`;
}

function trainingSet(result: TrainingSetResult): string {
  const of = (name: string, spread: Spread | null, format: (value: number) => string): string[] =>
    spread === null ? [] : [`${name} ${format(spread.median)} (${format(spread.min)} to ${format(spread.max)})`];
  const figures = [
    ...of("validation loss", result.bestValLoss, loss),
    ...of("test accuracy", result.testAccuracy, percent),
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
