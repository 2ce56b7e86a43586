/** One line per result for status answers and operators. Zod-free: workflows may import it. */
import { isBranded } from "../insistence.ts";
import type { Spread } from "../statistics.ts";
import type { BacktestResult, BatchResult, JobResult, TrainingResult } from "../result.ts";

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

const batch = ({ items, completed, failed, cancelled, reused, draws }: BatchResult): string =>
  [
    `${completed} of ${items} items completed`,
    ...(reused === 0 ? [] : [`${reused} of them known before`]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(cancelled === 0 ? [] : [`${cancelled} cancelled`]),
    ...(draws === undefined ? [] : drawsText(draws)),
  ].join(", ");

/** Median and range of what was computed last. */
function drawsText({ sharpe, validationLoss, testAccuracy }: NonNullable<BatchResult["draws"]>): string[] {
  const of = (name: string, values: Spread | null, format: (value: number) => string): string[] =>
    values === null ? [] : [`median ${name} ${format(values.median)} (${format(values.min)} to ${format(values.max)})`];
  if (sharpe !== null) return of("Sharpe", sharpe, (value) => value.toFixed(2));
  return [...of("validation loss", validationLoss, loss), ...of("test accuracy", testAccuracy, percent)];
}

const day = (time: string): string => time.slice(0, 10);
