/** What KTRDR can buy: whole shares, for a fixed share of the capital. */
import type { Finding } from "../strategy/finding.ts";
import { WARM_UP_BARS, type WindowBars } from "./buy-and-hold.ts";

/** KTRDR puts this share of the available capital into each position (docs/ktrdr.md §6.2). */
export const POSITION_SHARE = 0.25;
/** With fewer whole shares, a position differs from 25 % of the capital by several percent. */
export const WHOLE_SHARES = 20;

/** Lowest and highest traded close, in currency. */
export interface PriceSpan {
  readonly high: number;
  readonly low: number;
}

/** The highest and the lowest price at which anything could be bought; null when no bar is traded. */
export function priceSpan({ ohlcv }: Pick<WindowBars, "ohlcv">): PriceSpan | null {
  const span = { high: 0, low: Infinity };
  for (const row of ohlcv.slice(WARM_UP_BARS)) {
    const close = row[3] ?? 0;
    if (!(close > 0)) continue;
    span.high = Math.max(span.high, close);
    span.low = Math.min(span.low, close);
  }
  return span.high === 0 ? null : span;
}

/** Capital that buys enough whole shares at the highest price. */
export const capitalFor = ({ high }: PriceSpan): number => Math.ceil((high * WHOLE_SHARES) / POSITION_SHARE);

/** Warns before a backtest of what its capital cannot buy. A caveat of the result tells of coarse positions. */
export function capitalFindings(market: string, capital: number, span: PriceSpan): Finding[] {
  const most = capital * POSITION_SHARE;
  if (most >= span.high) return [];
  const never = most < span.low;
  const price = (value: number): string => value.toFixed(2);
  return [
    {
      severity: never ? "error" : "warning",
      code: "capital_too_small",
      where: `initial_capital, ${market}`,
      line: null,
      what: never
        ? `Nothing can be bought: one share costs at least ${price(span.low)}, a position ${price(most)} at most.`
        : `At some prices nothing can be bought: a share costs up to ${price(span.high)}, a position ${price(most)} at most.`,
      why: "KTRDR buys whole shares for 25 % of the capital, and silently skips what it cannot buy.",
      fix: `Use an initial_capital of ${capitalFor(span)}.`,
    },
  ];
}
