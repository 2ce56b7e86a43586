import { spanOf, type DateWindow } from "../market-data.ts";
import { sharpeStandardError } from "../statistics.ts";
import { KTRDR_BARS_PER_YEAR, YEAR_MS } from "./bars-per-year.ts";

/**
 * Standard error of an annualised Sharpe ratio over these dates (Lo, 2002). Runs on the same dates share the market's luck:
 * more of them do not make it smaller. How many bars a year has matters in the third digit only.
 */
export const sharpeErrorOver = (sharpe: number, window: DateWindow): number =>
  sharpeStandardError(sharpe, yearsOf(window), KTRDR_BARS_PER_YEAR);

/** Calendar years of a window. */
export const yearsOf = (window: DateWindow): number => spanOf(window) / YEAR_MS;
