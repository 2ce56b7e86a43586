/**
 * What a measured Sharpe ratio says about the true one. Sharpe ratios here are per bar and not annual, kurtosis is not
 * excess (3 for normal returns).
 */
import { upperQuantile, upperTail } from "./normal.ts";

export interface MeasuredSharpe {
  /** Per bar. */
  readonly sharpe: number;
  readonly bars: number;
  /** Of the returns; 0 when they are not known. */
  readonly skewness?: number;
  /** Of the returns; 3 when they are not known. */
  readonly kurtosis?: number;
}

const EULER_GAMMA = 0.5772156649015329;

/** The variance of a Sharpe ratio over one bar, at `sharpe`. */
const spreadAt = (sharpe: number, { skewness = 0, kurtosis = 3 }: MeasuredSharpe): number =>
  1 - skewness * sharpe + ((kurtosis - 1) / 4) * sharpe ** 2;

/**
 * One minus the Probabilistic Sharpe Ratio: how often a strategy whose true Sharpe ratio is `against` shows this much.
 * Bailey and López de Prado (2012).
 */
export const chanceAlone = (measured: MeasuredSharpe, against = 0): number =>
  upperTail(
    ((measured.sharpe - against) * Math.sqrt(measured.bars - 1)) / Math.sqrt(spreadAt(measured.sharpe, measured)),
  );

/** The probability that the true Sharpe ratio exceeds `against`: PSR. */
export const probabilisticSharpe = (measured: MeasuredSharpe, against = 0): number =>
  1 - chanceAlone(measured, against);

/** The expected maximum of so many standard normal values, as Bailey and López de Prado (2014) approximate it. */
export function expectedMaximum(trials: number): number {
  if (trials <= 1) return 0;
  return (1 - EULER_GAMMA) * upperQuantile(1 / trials) + EULER_GAMMA * upperQuantile(1 / (trials * Math.E));
}

/** The Deflated Sharpe Ratio with the variance 1/T that worthless strategies have. */
export const deflatedSharpe = (measured: MeasuredSharpe, trials: number): number =>
  probabilisticSharpe(measured, expectedMaximum(trials) / Math.sqrt(measured.bars));

/** The Deflated Sharpe Ratio as published in 2014: with the variance of the trials' own Sharpe ratios per bar. */
export const deflatedSharpe2014 = (measured: MeasuredSharpe, trials: number, variance: number): number =>
  probabilisticSharpe(measured, Math.sqrt(variance) * expectedMaximum(trials));

/** Bars after which the Sharpe ratio would exceed `against` at `level`: MinTRL (2012). Infinite when it does not exceed it. */
export function minimumBars(measured: MeasuredSharpe, against = 0, level = 0.05): number {
  if (measured.sharpe <= against) return Number.POSITIVE_INFINITY;
  return 1 + spreadAt(measured.sharpe, measured) * (upperQuantile(level) / (measured.sharpe - against)) ** 2;
}

/** PSR and MinTRL as revised in 2025: the variance at the null, over T, with returns that follow each other by `rho`. */
export function revised2025(measured: MeasuredSharpe, { against = 0, rho = 0, level = 0.05 } = {}) {
  const { sharpe, bars, skewness = 0, kurtosis = 3 } = measured;
  const a = 1 + (2 * rho) / (1 - rho);
  const b = 1 + rho / (1 - rho) + rho ** 2 / (1 - rho ** 2);
  const c = 1 + (2 * rho ** 2) / (1 - rho ** 2);
  const variance = a - b * skewness * against + ((c * (kurtosis - 1)) / 4) * against ** 2;
  return {
    probability: 1 - upperTail((sharpe - against) / Math.sqrt(variance / bars)),
    minimumBars:
      sharpe <= against ? Number.POSITIVE_INFINITY : variance * (upperQuantile(level) / (sharpe - against)) ** 2,
  };
}
