/** What KTRDR's trade statistics add up to, and what they leave out (docs/ktrdr.md §10.2). */

interface TradeMetrics {
  readonly total_return: number;
  readonly total_trades: number;
  readonly winning_trades: number;
  readonly losing_trades: number;
  readonly avg_win: number;
  readonly avg_loss: number;
}

export interface TradeSums {
  /** Entry costs that the trades leave out: their profits and losses minus what the account gained, in currency, at least 0. */
  readonly leftOut: number;
  /** Wins over losses, with `leftOut` spread evenly over all trades; null without a losing trade. */
  readonly profitFactor: number | null;
}

export function tradeSums(metrics: TradeMetrics): TradeSums {
  const wins = metrics.winning_trades * metrics.avg_win;
  const losses = -metrics.losing_trades * metrics.avg_loss;
  const leftOut = Math.max(0, wins - losses - metrics.total_return);
  const perTrade = metrics.total_trades > 0 ? leftOut / metrics.total_trades : 0;
  const netWins = Math.max(0, wins - perTrade * metrics.winning_trades);
  const netLosses = losses + perTrade * metrics.losing_trades;
  return { leftOut, profitFactor: netLosses > 0 ? netWins / netLosses : null };
}
