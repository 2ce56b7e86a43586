import type { BacktestMetrics, TradeRecord } from "./api-types.ts";

const DAYS_PER_YEAR = 365.25;
const MILLISECONDS_PER_DAY = 86_400_000;
/** KTRDR takes a smaller spread of returns for none. */
const SMALLEST_SPREAD = 1e-10;

/**
 * KTRDR's 22 figures with its peculiarities (docs/ktrdr.md §10, §11.6). Deviations are of a population (n). Trade
 * figures come from `net_pnl`, which leaves out the entry commission. The return is from the last equity point, which
 * leaves out the exit costs of a position closed at the end. Ratios use sqrt(252) whatever the bar. Drawdown in
 * currency is its ratio times the run's highest equity. The annual return is by calendar days of the requested
 * `window`, ms UTC. NaN becomes 0, infinity +/-999999.
 */
export function performanceFigures(
  equity: Float64Array,
  trades: readonly TradeRecord[],
  initialCapital: number,
  window: { readonly from: number; readonly to: number },
): BacktestMetrics {
  const total = (equity.at(-1) ?? initialCapital) - initialCapital;
  const ratio = total / initialCapital;
  if (equity.length === 0) return performanceFigures(Float64Array.of(initialCapital), [], initialCapital, window);
  const years = Math.floor((window.to - window.from) / MILLISECONDS_PER_DAY) / DAYS_PER_YEAR;
  const annual = years > 0 ? (1 + ratio) ** (1 / Math.max(years, 0.001)) - 1 : 0;
  const drawdown = deepestDrawdown(equity);
  const risk = riskFigures(equity);
  return {
    total_return: finite(total),
    total_return_pct: finite(ratio),
    annualized_return: finite(annual),
    ...risk,
    max_drawdown: finite(drawdown * highestOf(equity)),
    max_drawdown_pct: finite(drawdown),
    calmar_ratio: drawdown > 0 ? finite(annual / drawdown) : 0,
    recovery_factor: drawdown > 0 ? finite(total / (drawdown * highestOf(equity))) : 0,
    ...tradeFigures(trades),
  };
}

function riskFigures(equity: Float64Array): Pick<BacktestMetrics, "volatility" | "sharpe_ratio" | "sortino_ratio"> {
  const returns = equity.subarray(1).map((value, i) => (value - (equity[i] ?? Number.NaN)) / (equity[i] ?? Number.NaN));
  const spread = returns.length > 1 ? deviation(returns) : 0;
  const losses = returns.filter((value) => value < 0);
  const downside = losses.length > 0 ? deviation(losses) : 0;
  const ratio = (by: number): number => (by > SMALLEST_SPREAD ? finite((average(returns) / by) * Math.sqrt(252)) : 0);
  return { volatility: finite(spread * Math.sqrt(252)), sharpe_ratio: ratio(spread), sortino_ratio: ratio(downside) };
}

function tradeFigures(trades: readonly TradeRecord[]) {
  const wins = trades.filter((trade) => trade.net_pnl > 0);
  const losses = trades.filter((trade) => trade.net_pnl < 0);
  const won = wins.reduce((sum, trade) => sum + trade.net_pnl, 0);
  const lost = losses.reduce((sum, trade) => sum - trade.net_pnl, 0);
  const hours = (some: readonly TradeRecord[]): number =>
    finite(average(Float64Array.from(some, (trade) => trade.holding_period_hours)));
  return {
    total_trades: trades.length,
    winning_trades: wins.length,
    losing_trades: losses.length,
    win_rate: trades.length > 0 ? wins.length / trades.length : 0,
    profit_factor: won > 0 || lost > 0 ? finite(won / lost) : 0,
    avg_win: wins.length > 0 ? won / wins.length : 0,
    avg_loss: losses.length > 0 ? -lost / losses.length : 0,
    largest_win: Math.max(0, ...wins.map((trade) => trade.net_pnl)),
    largest_loss: Math.min(0, ...losses.map((trade) => trade.net_pnl)),
    avg_holding_period: hours(trades),
    avg_win_holding_period: hours(wins),
    avg_loss_holding_period: hours(losses),
  };
}

function highestOf(equity: Float64Array): number {
  return equity.reduce((most, value) => (value > most ? value : most), 0);
}

/** Largest fall from an earlier peak as a ratio of that peak. */
function deepestDrawdown(equity: Float64Array): number {
  let peak = 0;
  let deepest = 0;
  for (const value of equity) {
    // Only comparisons are used, so that NaN changes nothing.
    if (value > peak) peak = value;
    else if ((peak - value) / peak > deepest) deepest = (peak - value) / peak;
  }
  return deepest;
}

function average(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Standard deviation of a whole population (n). */
function deviation(values: Float64Array): number {
  const mean = average(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

function finite(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Number.isFinite(value) ? value : Math.sign(value) * 999_999;
}
