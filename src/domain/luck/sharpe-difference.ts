import { upperTail } from "./normal.ts";

export interface SharpeDifference {
  /** In standard errors. */
  readonly z: number;
  readonly error: number;
  /** Two-sided. */
  readonly probability: number;
}

/**
 * Two Sharpe ratios per bar on the same bars, whose returns have `correlation`. Jobson and Korkie (1981), as Memmel
 * (2003) corrected it.
 */
export function sharpeDifference(first: number, second: number, correlation: number, bars: number): SharpeDifference {
  const squares = (first ** 2 + second ** 2 - 2 * first * second * correlation ** 2) / 2;
  const error = Math.sqrt((2 - 2 * correlation + squares) / bars);
  const z = (first - second) / error;
  return { z, error, probability: 2 * upperTail(Math.abs(z)) };
}
