/** Whether a backtest is long enough to be measured, and by which days, while nobody has counted its bars yet. */
import { spanOf, type DateWindow } from "../market-data.ts";
import { WARM_UP_BARS } from "../results/buy-and-hold.ts";
import { minutesOf } from "../strategy/market.ts";
import { FEWEST_POINTS, prefixEnds } from "./prefix-ends.ts";

/** Bars until the first prefix may end: those of the warm-up, and so many that it has ten returns at least. */
export const BARS_OF_FIRST_PREFIX = WARM_UP_BARS + 10;
const DAY_MINUTES = 1_440;
/** Of an exchange, which has the fewest bars a day. */
const SESSION_MINUTES = 390;
/** Calendar days of a trading day, weekends and holidays among them. */
const OF_A_TRADING_DAY = 1.5;
/** Longer bars have no weekends between them, but months of 31 days. */
const OF_A_LONG_BAR = 1.05;
/** January and February. */
const TWO_MONTHS_MS = 59 * 86_400_000;

/** @param ends of its prefixes, its own last day among them (`prefixEnds`) */
export const isLongEnough = (window: DateWindow, ends: readonly string[]): boolean =>
  ends.length >= FEWEST_POINTS && spanOf(window) >= TWO_MONTHS_MS;

/**
 * The last days of the prefixes of a backtest, YYYY-MM-DD, none of them within the warm-up and a few bars more. Null when
 * it is too short to be measured.
 * @param most at least 2
 */
export function measurableEnds(
  { timeframe, startDate, endDate }: DateWindow & { readonly timeframe: string },
  most: number,
): string[] | null {
  const window = { startDate, endDate };
  const ends = prefixEnds(window, daysAfter(startDate, warmUpDays(timeframe)), most);
  return isLongEnough(window, ends) ? ends : null;
}

/** Calendar days that the first bars last, rather too many than too few. */
function warmUpDays(timeframe: string): number {
  const minutes = minutesOf(timeframe) ?? DAY_MINUTES;
  if (minutes > DAY_MINUTES) return Math.ceil((BARS_OF_FIRST_PREFIX * OF_A_LONG_BAR * minutes) / DAY_MINUTES);
  return Math.ceil(BARS_OF_FIRST_PREFIX * OF_A_TRADING_DAY * Math.min(1, minutes / SESSION_MINUTES));
}

const daysAfter = (day: string, days: number): string =>
  new Date(Date.parse(`${day.slice(0, 10)}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
