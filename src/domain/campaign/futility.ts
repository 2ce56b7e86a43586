/**
 * When further trials of a search are in vain: even if the best finalist is better than it looks, the best of so many
 * worthless strategies looks as good. Sharpe ratios are annual.
 */
import { CANDIDATE_LUCK, luckBar } from "../luck/luck.ts";

export interface FutilityQuestion {
  /** The highest Sharpe ratio that a finalist of the search has shown. */
  readonly best: number;
  /** One standard error of it. */
  readonly error: number;
  /** Finalists of the search that have shown a Sharpe ratio. */
  readonly shown: number;
  /** Whether all draws of all finalists were tested: then none is left that could be better. */
  readonly complete: boolean;
  /** Backtests that count when the search is over: those done, of other searches too, and those still planned. */
  readonly trials: number;
  /** Of traded bars. */
  readonly years: number;
}

/** Of one measured Sharpe ratio in 44 the true one lies further above. */
const ERRORS = 2;

/**
 * The first finalist says little about the others. In simulations a rule that asks it ends 58 % of the searches that would
 * have found something where the loss says nothing, and 5 % where it hints at the good ones. Asking from the third on
 * ends 17 and 1 % of them.
 */
const ENOUGH_SHOWN = 3;

const mostItCanBe = ({ best, error }: FutilityQuestion): number => best + ERRORS * error;
const barOf = ({ trials, years }: FutilityQuestion): number => luckBar(trials, years, CANDIDATE_LUCK);

/**
 * Whether the bar of luck lies above all that the best finalist can be. It takes for granted that finalists are tried by
 * their loss, the lowest first, and that later ones are no better than that.
 */
export const isFutile = (question: FutilityQuestion): boolean =>
  (question.complete || question.shown >= ENOUGH_SHOWN) && barOf(question) > mostItCanBe(question);

/** Why a search was stopped, with the figures. */
export const futilityText = (question: FutilityQuestion): string =>
  `More trials are in vain: ${question.shown === 1 ? "the finalist" : `the best of ${question.shown} finalists`} shows a Sharpe of ${question.best.toFixed(2)}, with ${ERRORS} standard errors ${mostItCanBe(question).toFixed(2)}. The best of ${question.trials} worthless strategies shows ${barOf(question).toFixed(2)} or more in one of twenty searches over ${question.years.toFixed(1)} years.`;
