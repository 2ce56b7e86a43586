/** Normalised results of jobs. Ratios are ratios (0.05 = 5 %), times are ISO-8601 UTC, money is in account currency. */
import type { Spread } from "./statistics.ts";

/** Which KTRDR computed it; every answer and record says so. */
export interface Engine {
  readonly name: "ktrdr" | "sandbox";
  readonly version: string;
}

export interface LearningCurve {
  readonly trainLoss: readonly number[];
  readonly valLoss: readonly number[];
  readonly trainAccuracy: readonly number[];
  readonly valAccuracy: readonly number[];
}

/** Something a reader must know before trusting a figure. `code` is stable. */
export interface Caveat {
  readonly code: string;
  readonly text: string;
}

/** The bars of a job's own market and dates, as they were when its result was recorded. */
export interface DataFingerprint {
  readonly bars: number;
  /** Times of the first and last one, as KTRDR tells them. */
  readonly first: string;
  readonly last: string;
  /** Over lines of time, open, high, low, close and volume. */
  readonly sha256: string;
}

/** How often the most frequent label comes: what a model reaches that always says the same. Shares are ratios. */
export interface BaseRate {
  readonly label: string;
  readonly share: number;
  /** Of the test part alone; null when it is empty. */
  readonly test: { readonly label: string; readonly share: number } | null;
}

export interface TrainingResult {
  readonly kind: "training";
  /** Model directory relative to KTRDR's working directory. */
  readonly modelPath: string;
  readonly strategy: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly startDate: string;
  readonly endDate: string;
  readonly epochsTrained: number;
  /** 0-based epoch with the lowest validation loss: a fact of the curve. KTRDR does not keep its weights (contract §11.2). */
  readonly bestEpoch: number | null;
  readonly bestValLoss: number | null;
  /** 0-based epoch whose weights are the model; absent in results of before it was recorded (then it is the last one). */
  readonly savedEpoch?: number | undefined;
  /** Figures named final are of the saved model. */
  readonly finalTrainLoss: number | null;
  readonly finalValLoss: number | null;
  /** Accuracy of the best epoch, ratio. Of a regression accuracies are directional: how often the sign was right. */
  readonly bestValAccuracy: number | null;
  readonly finalValAccuracy: number | null;
  readonly testAccuracy: number | null;
  readonly testLoss: number | null;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  /** Whether it predicts a return; absent in results of before it was recorded. */
  readonly regression?: boolean | undefined;
  /** Mean absolute error of a regression on the test part, in returns; null for a classification. */
  readonly mae?: number | null | undefined;
  /** Absent or null when it is not known. */
  readonly baseRate?: BaseRate | null | undefined;
  readonly parameters: number | null;
  readonly featureCount: number | null;
  readonly samples: number | null;
  readonly trainingSeconds: number | null;
  readonly curve: LearningCurve;
  /** Null when the bars could not be had; absent in results of before it was recorded. */
  readonly data?: DataFingerprint | null | undefined;
  readonly caveats: readonly Caveat[];
  readonly engine: Engine;
}

/** The 22 figures exactly as KTRDR named and computed them (contract §6.2, §10). */
export type RawBacktestMetrics = Readonly<Record<string, number>>;

export interface BuyAndHold {
  /** Ratio over the traded bars (warm-up left out), no costs. */
  readonly totalReturn: number;
  /** Null over fewer days than can be scaled to a year. */
  readonly annualReturn: number | null;
  /** Annualised with the timeframe's own bars per year; null when the price did not vary. */
  readonly sharpe: number | null;
  /** Ratio, positive. */
  readonly maxDrawdown: number;
  readonly bars: number;
}

export interface BacktestResult {
  readonly kind: "backtest";
  readonly strategy: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly startDate: string;
  readonly endDate: string;
  readonly modelPath: string;
  readonly initialCapital: number;
  readonly commission: number;
  readonly slippage: number;
  /** Ratio over the window. */
  readonly totalReturn: number;
  /** Ratio per year over calendar days of the window; null over fewer days than can be scaled to a year. */
  readonly annualReturn: number | null;
  /** Annualised with the timeframe's own bars per year (KTRDR uses sqrt(252) for every bar; the raw one is in `raw`). */
  readonly sharpe: number | null;
  /** KTRDR's own, on the same scale: over the deviation of losing bars around their mean, not of all bars below zero. */
  readonly sortino: number | null;
  /** Annualised ratio. */
  readonly volatility: number;
  /** Ratio, positive. */
  readonly maxDrawdown: number;
  /** Annual return over maximum drawdown; null when there was no drawdown. */
  readonly calmar: number | null;
  readonly trades: number;
  /** Ratio; KTRDR's trade statistics leave out the entry commission (contract §10.2). */
  readonly winRate: number | null;
  /** Gross wins over gross losses, entry costs put back where they are known; null without a losing trade. */
  readonly profitFactor: number | null;
  readonly avgHoldingHours: number | null;
  readonly equityPoints: number;
  readonly buyAndHold: BuyAndHold | null;
  readonly raw: RawBacktestMetrics;
  /** As in a training's result. */
  readonly data?: DataFingerprint | null | undefined;
  readonly caveats: readonly Caveat[];
  readonly engine: Engine;
}

export interface DataLoadResult {
  readonly kind: "data_load";
  readonly symbol: string;
  readonly timeframe: string;
  readonly firstBar: string;
  readonly lastBar: string;
  readonly bars: number;
  readonly barsAdded: number | null;
  readonly caveats: readonly Caveat[];
  readonly engine: Engine;
}

export interface BatchResult {
  readonly kind: "batch";
  /** Items of the batch, and how many of them ended how. Those that were never begun are in none of the others. */
  readonly items: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Items that were answered by earlier runs alone. */
  readonly reused: number;
  /** Of a batch that is several draws of one training on the same dates. */
  readonly draws?: Readonly<Record<"sharpe" | "validationLoss" | "testAccuracy", Spread | null>> | undefined;
  readonly caveats: readonly Caveat[];
  readonly engine: Engine;
}

export type JobResult = TrainingResult | BacktestResult | DataLoadResult | BatchResult;
