/**
 * How far luck goes: what the best of N backtests of worthless strategies shows. Sharpe ratios are annual, years are
 * years of traded bars, `level` is a probability. Exact for independent trials; for positively dependent ones the true
 * probabilities are smaller.
 */
import { lowerTail, upperQuantile, upperTail } from "./normal.ts";

/** Luck at or below it makes a candidate. */
export const CANDIDATE_LUCK = 0.05;
/** The level of the bar that half of all searches reach. */
export const HALF = 0.5;
/** How often a search should find what it looks for. */
const POWER = 0.8;

/** The probability that the best of `trials` looks as good as one that chance alone reaches with probability `alone`. */
export const luckOf = (alone: number, trials: number): number => -Math.expm1(trials * Math.log1p(-alone));

/** The probability that one worthless trial may have, so that the best of `trials` has `level`. The inverse of `luckOf`. */
const aloneAt = (level: number, trials: number): number => -Math.expm1(Math.log1p(-level) / trials);

/** The annual Sharpe ratio that the best of `trials` worthless strategies reaches with probability `level`. */
export const luckBar = (trials: number, years: number, level: number): number =>
  upperQuantile(aloneAt(level, trials)) / Math.sqrt(years);

/** The smallest true Sharpe ratio that passes the bar of `trials` with probability `power`. */
export const findableSharpe = (trials: number, years: number, level = CANDIDATE_LUCK, power = POWER): number =>
  luckBar(trials, years, level) + upperQuantile(1 - power) / Math.sqrt(years);

/** How many trials leave a true Sharpe ratio findable with probability `power`; 0 when even one does not. */
export function trialBudget(sharpe: number, years: number, level = CANDIDATE_LUCK, power = POWER): number {
  const alone = upperTail(sharpe * Math.sqrt(years) - upperQuantile(1 - power));
  return Math.floor(Math.log1p(-level) / Math.log1p(-alone));
}

/** The probability that a true Sharpe ratio passes one look over `years` at `level`. */
export const powerOfLook = (sharpe: number, years: number, level: number): number =>
  lowerTail(sharpe * Math.sqrt(years) - upperQuantile(level));
