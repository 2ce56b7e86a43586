/** How much of the capital a backtest had in the market, and what holding with as much would have brought. */
import { spanOf, type DateWindow } from "../market-data.ts";
import { WARM_UP_BARS } from "./buy-and-hold.ts";
import { POSITION_SHARE } from "./position-size.ts";

const HOUR_MS = 3_600_000;

/** The figures of a backtest that its exposure follows from. */
export interface Exposed extends DateWindow {
  readonly trades: number;
  /** Null without trades. */
  readonly avgHoldingHours: number | null;
  readonly equityPoints: number;
  readonly buyAndHold: { readonly totalReturn: number } | null;
}

/**
 * Share of the traded time (0..1) in which a position was open: number of trades times their mean length, over the window
 * without its warm-up. KTRDR closes at the end what is open then (docs/ktrdr.md §10.3). Null without a trade.
 */
export function timeInMarket({ trades, avgHoldingHours, equityPoints, ...window }: Exposed): number | null {
  if (trades === 0 || avgHoldingHours === null || equityPoints <= 0) return null;
  const traded = (spanOf(window) / HOUR_MS) * (equityPoints / (equityPoints + WARM_UP_BARS));
  return traded > 0 ? Math.min(1, (trades * avgHoldingHours) / traded) : null;
}

/** A single trade that lasts so long (a share of the time) is holding. */
const HOLDS = 0.5;

/** Whether it bought once and held: one trade, open for most of the time. */
export const boughtOnce = (figures: Exposed): boolean => figures.trades === 1 && (timeInMarket(figures) ?? 0) >= HOLDS;

/**
 * What holding brings with the capital that the backtest had in the market on average: 25 % of it for the time in the
 * market. Idle cash earns nothing, costs are left out. Null when either is not known.
 */
export function holdingAtSameExposure(
  figures: Exposed,
): { readonly share: number; readonly totalReturn: number } | null {
  const time = timeInMarket(figures);
  if (time === null || figures.buyAndHold === null) return null;
  const share = POSITION_SHARE * time;
  return { share, totalReturn: share * figures.buyAndHold.totalReturn };
}
