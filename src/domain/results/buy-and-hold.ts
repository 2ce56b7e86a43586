import type { BuyAndHold } from "../result.ts";
import { annualise, maxDrawdown, sharpeRatio, simpleReturns } from "../statistics.ts";
import { LEAST_YEARS, YEAR_MS } from "./bars-per-year.ts";

/** KTRDR's backtests leave the first bars to the indicators and do not trade on them (docs/ktrdr.md §6.2). */
export const WARM_UP_BARS = 50;

/** Bars of a backtest's window, oldest first; times are ISO-8601, taken as UTC when they name no zone. */
export interface WindowBars {
  readonly times: readonly string[];
  /** Open, high, low, close, volume; one row for each time. */
  readonly ohlcv: readonly (readonly number[])[];
}

/**
 * Buying at the first traded close and holding to the last: same bars as the backtest, no costs, fully invested.
 * Null when fewer than two bars are left after the warm-up. The caller has checked the bars (`bar-soundness.ts`).
 */
export function buyAndHold(bars: WindowBars, perYear: number): BuyAndHold | null {
  const closes = bars.ohlcv.slice(WARM_UP_BARS).map((row) => row[3] ?? Number.NaN);
  const [first, last] = [closes[0], closes.at(-1)];
  const years = tradedYears(bars);
  if (first === undefined || last === undefined || years === null) return null;
  const totalReturn = last / first - 1;
  const held = {
    totalReturn,
    annualReturn: years < LEAST_YEARS ? null : annualise(totalReturn, years),
    sharpe: sharpeRatio(simpleReturns(closes), perYear),
    maxDrawdown: maxDrawdown(closes),
    bars: closes.length,
  };
  return Object.values(held).every((figure) => figure === null || Number.isFinite(figure)) ? held : null;
}

/** Calendar years from the first traded bar to the last; null when fewer than two bars are traded. */
export function tradedYears({ times }: WindowBars): number | null {
  const span = spanMs(times.slice(WARM_UP_BARS));
  return span > 0 ? span / YEAR_MS : null;
}

/** Milliseconds between the first and the last time; 0 when there is none or they cannot be read. */
export function spanMs(times: readonly string[]): number {
  const [first, last] = [times[0], times.at(-1)].map((time) => instant(time ?? ""));
  const span = (last ?? Number.NaN) - (first ?? Number.NaN);
  return Number.isFinite(span) ? span : 0;
}

/** KTRDR writes bars' times without a zone and means UTC (docs/ktrdr.md §1.1). */
export function instant(time: string): number {
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(time) || !time.includes("T") ? time : `${time}Z`;
  return Date.parse(zoned);
}
