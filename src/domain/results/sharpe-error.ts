import { spanOf, type DateWindow } from "../market-data.ts";
import { sharpeStandardError } from "../statistics.ts";
import { KTRDR_BARS_PER_YEAR, YEAR_MS } from "./bars-per-year.ts";

/**
 * Standard error of an annualised Sharpe ratio over these dates (Lo, 2002). All runs on the same dates meet the same
 * market, so more of them do not make it smaller. The number of bars per year matters in the third digit only.
 */
export const sharpeErrorOver = (sharpe: number, window: DateWindow): number =>
  sharpeStandardError(sharpe, yearsOf(window), KTRDR_BARS_PER_YEAR);

/** Calendar years of a window. */
export const yearsOf = (window: DateWindow): number => spanOf(window) / YEAR_MS;
