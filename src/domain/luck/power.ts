import { findableSharpe, trialBudget } from "./luck.ts";

/** The annual Sharpe ratio whose trial budget is told: few strategies have more for long. */
const GOOD_SHARPE = 1;

export interface PowerQuestion {
  readonly symbol: string;
  /** Backtests of the symbol whose figures were shown. */
  readonly tried: number;
  /** Backtests that are asked for now; at least 1. */
  readonly coming: number;
  /** Years of bars to test on. */
  readonly years: number;
  /** Backtests that the operator's limit still allows; null without one. */
  readonly left: number | null;
}

/** What can still be shown on a market, said before anything is computed. Sharpe ratios are annual. */
export function powerText({ symbol, tried, coming, years, left }: PowerQuestion): string {
  const trials = tried + coming;
  const sofar = tried === 0 ? "No backtest was" : tried === 1 ? "One backtest was" : `${tried} backtests were`;
  const found = findableSharpe(trials, years).toFixed(2);
  const budget = trialBudget(GOOD_SHARPE, years);
  return [
    `${sofar} tried on ${symbol}; with ${coming === 1 ? "one more" : `${coming} more`}, ${years.toFixed(1)} years find a true Sharpe of ${found} or more in four of five searches.`,
    budget === 0
      ? `Of a true Sharpe of ${GOOD_SHARPE} they miss more than one in five even at the first try: take more years.`
      : trials > budget
        ? `With more than ${budget} trials in all they miss a true Sharpe of ${GOOD_SHARPE} more often than that: each further one hides it deeper.`
        : `They find a true Sharpe of ${GOOD_SHARPE} as often with up to ${budget} trials in all.`,
    ...(left === null ? [] : [`The operator's limit leaves ${Math.max(0, left)} more.`]),
  ].join(" ");
}
