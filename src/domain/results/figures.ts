/** The named figures of results, by which runs are compared and experiments are judged. */
import type { BacktestResult } from "../kinds/backtest.ts";
import type { JobResult } from "../kinds/index.ts";
import type { TrainingResult } from "../kinds/training.ts";
import { timeInMarket } from "./exposure.ts";

interface Figure {
  readonly kind: "backtest" | "training";
  /** Which of two values is the better one. */
  readonly better: "higher" | "lower";
  /** The figure of a result; null when it has none. */
  readonly of: (result: JobResult) => number | null;
}

const backtest = (better: Figure["better"], of: (result: BacktestResult) => number | null): Figure => ({
  kind: "backtest",
  better,
  of: (result) => (result.kind === "backtest" ? of(result) : null),
});

const training = (better: Figure["better"], of: (result: TrainingResult) => number | null): Figure => ({
  kind: "training",
  better,
  of: (result) => (result.kind === "training" ? of(result) : null),
});

/** `excess_*` are differences from buy-and-hold over the same bars. Returns, drawdowns and rates are ratios. */
export const FIGURES = {
  sharpe: backtest("higher", ({ sharpe }) => sharpe),
  excess_sharpe: backtest("higher", ({ sharpe, buyAndHold: held }) =>
    sharpe === null || held === null || held.sharpe === null ? null : sharpe - held.sharpe,
  ),
  total_return: backtest("higher", ({ totalReturn }) => totalReturn),
  annual_return: backtest("higher", ({ annualReturn }) => annualReturn),
  excess_annual_return: backtest("higher", ({ annualReturn, buyAndHold: held }) =>
    held === null || held.annualReturn === null || annualReturn === null ? null : annualReturn - held.annualReturn,
  ),
  sortino: backtest("higher", ({ sortino }) => sortino),
  calmar: backtest("higher", ({ calmar }) => calmar),
  max_drawdown: backtest("lower", ({ maxDrawdown }) => maxDrawdown),
  win_rate: backtest("higher", ({ winRate }) => winRate),
  profit_factor: backtest("higher", ({ profitFactor }) => profitFactor),
  trades: backtest("higher", ({ trades }) => trades),
  time_in_market: backtest("higher", timeInMarket),
  final_val_loss: training("lower", ({ finalValLoss }) => finalValLoss),
  final_val_accuracy: training("higher", (result) => (result.regression ? null : result.finalValAccuracy)),
  test_accuracy: training("higher", (result) => (result.regression ? null : result.testAccuracy)),
  /** How often a regression had the sign right in the test part; the accuracy of classes is another figure. */
  directional_accuracy: training("higher", (result) => (result.regression ? result.testAccuracy : null)),
  mae: training("lower", ({ mae }) => mae),
  best_val_accuracy: training("higher", ({ bestValAccuracy }) => bestValAccuracy),
  best_val_loss: training("lower", ({ bestValLoss }) => bestValLoss),
} as const satisfies Record<string, Figure>;

export type FigureName = keyof typeof FIGURES;

export const FIGURE_NAMES = Object.keys(FIGURES) as [FigureName, ...FigureName[]];

/** Figures of an epoch that was not saved, by KTRDR's own formula, or of which neither more nor less is better. */
const NOT_OFFERED: readonly FigureName[] = ["best_val_accuracy", "best_val_loss", "sortino", "time_in_market"];

/** Figures by which runs may be compared and experiments judged. */
export const FIGURES_TO_CHOOSE = FIGURE_NAMES.filter((name) => !NOT_OFFERED.includes(name)) as [
  FigureName,
  ...FigureName[],
];
