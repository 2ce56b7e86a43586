/** How much of the capital a backtest had in the market, and what holding with as much would have brought. */
import { spanOf, type DateWindow } from "../market-data.ts";
import { WARM_UP_BARS } from "./buy-and-hold.ts";
import { POSITION_SHARE } from "./position-size.ts";

const HOUR_MS = 3_600_000;

/** The figures of a backtest that its exposure follows from. */
export interface Exposed extends DateWindow {
  readonly trades: number;
  /** Null without closed trades. */
  readonly avgHoldingHours: number | null;
  readonly equityPoints: number;
  readonly totalReturn: number;
  readonly buyAndHold: { readonly totalReturn: number } | null;
}

/**
 * Share of the traded time (0..1) in which a closed trade was open: number of trades times their mean length, over the
 * window without its warm-up. KTRDR does not close what is open at the end, so that time is missing. Null without a closed
 * trade.
 */
export function timeInMarket({ trades, avgHoldingHours, equityPoints, ...window }: Exposed): number | null {
  if (trades === 0 || avgHoldingHours === null || equityPoints <= 0) return null;
  const traded = (spanOf(window) / HOUR_MS) * (equityPoints / (equityPoints + WARM_UP_BARS));
  return traded > 0 ? Math.min(1, (trades * avgHoldingHours) / traded) : null;
}

/** Whether something was bought and never sold again: no trade was closed, and yet the account moved. */
export const boughtOnce = ({ trades, totalReturn }: Pick<Exposed, "trades" | "totalReturn">): boolean =>
  trades === 0 && totalReturn !== 0;

/**
 * What holding brings with the capital that the backtest had in the market on average: 25 % of it for the time in the
 * market. Idle cash earns nothing, costs are left out. Null when either is not known.
 */
export function holdingAtSameExposure(
  figures: Exposed,
): { readonly share: number; readonly totalReturn: number } | null {
  const time = boughtOnce(figures) ? 1 : timeInMarket(figures);
  if (time === null || figures.buyAndHold === null) return null;
  const share = POSITION_SHARE * time;
  return { share, totalReturn: share * figures.buyAndHold.totalReturn };
}
