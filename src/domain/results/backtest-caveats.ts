import type { Detail } from "../facts.ts";
import type { Caveat } from "../result.ts";
import type { BacktestResult } from "../kinds/backtest.ts";
import { sharpeStandardError } from "../statistics.ts";
import { BAD_BARS } from "./bar-soundness.ts";
import { KTRDR_BARS_PER_YEAR } from "./bars-per-year.ts";
import { boughtOnce, timeInMarket } from "./exposure.ts";
import { capitalFor, POSITION_SHARE, WHOLE_SHARES, type PriceSpan } from "./position-size.ts";
import { CURVE_SLACK } from "./traded-bars.ts";
import type { TradeSums } from "./trade-sums.ts";

export interface BacktestFacts {
  readonly figures: Omit<BacktestResult, "caveats">;
  readonly trades: TradeSums;
  /** Bars per year that the annual figures were scaled with; null when not known. */
  readonly perYear: number | null;
  /** Calendar years that were traded; null without bars. */
  readonly years: number | null;
  /** Timeframe of the bars that were traded. */
  readonly bar: string;
  /** Bars after the warm-up; null without bars. */
  readonly tradableBars: number | null;
  /** Highest and lowest traded price, in currency; null without bars. */
  readonly dearest: PriceSpan | null;
  /** Defects by which the bars differ from the market, or may. */
  readonly faults: readonly string[];
  readonly doubts: readonly string[];
}

type Check = (facts: BacktestFacts) => string | null;

/** Fewer trades than this say little about an edge, whatever their profit. */
const FEW_TRADES = 30;
/** A single trade with this share of the profit gets a caveat. */
const MOST_OF_PROFIT = 0.5;
/** From this share of the time on, a strategy hardly differs from holding. */
const NEARLY_ALWAYS = 0.95;

const SHOWN = 3;
const shown = (lines: readonly string[]): string => lines.slice(0, SHOWN).join(" ");

const percent = (ratio: number, digits = 2): string => `${(ratio * 100).toFixed(digits)} %`;
const figure = (value: number): string => value.toFixed(2);

const CHECKS: Readonly<Record<string, Check>> = {
  [BAD_BARS]: ({ faults }) =>
    faults.length > 0
      ? `BAD BARS: ${shown(faults)} KTRDR computed on them, so no figure here describes the market. Mend the price file and run it again.`
      : null,
  doubtful_bars: ({ doubts }) => (doubts.length > 0 ? `Doubtful bars: ${shown(doubts)}` : null),
  position_too_small: ({ figures: { initialCapital, trades }, dearest }) => {
    if (dearest === null) return null;
    const most = (initialCapital * POSITION_SHARE) / dearest.high;
    if (most >= WHOLE_SHARES) return null;
    const needed = capitalFor(dearest);
    return trades === 0 && initialCapital * POSITION_SHARE < dearest.low
      ? `Nothing could be bought: KTRDR buys whole shares for 25 % of the capital, and one costs at least ${figure(dearest.low)}. An initial_capital of ${needed} would do.`
      : `Positions are coarse: 25 % of the capital buys ${Math.floor(most)} whole shares at the highest price. An initial_capital of ${needed} makes them fine.`;
  },
  bought_once: ({ figures }) =>
    boughtOnce(figures)
      ? `It bought once and held, for ${percent(timeInMarket(figures) ?? 0, 0)} of the time: this is holding with a quarter of the capital, and no strategy.`
      : null,
  always_in: ({ figures }) => {
    const time = timeInMarket(figures);
    return time !== null && time >= NEARLY_ALWAYS && !boughtOnce(figures)
      ? `It was in the market ${percent(time, 0)} of the time: this is nearly holding with a quarter of the capital. Compare it with buy_and_hold at_same_exposure.`
      : null;
  },
  no_trades: ({ figures, dearest }) =>
    figures.trades === 0 && !(dearest !== null && figures.initialCapital * POSITION_SHARE < dearest.low)
      ? "No trade was made: every other figure is empty. Lower decisions.confidence_threshold or look at the label balance."
      : null,
  loses_less: ({ figures: { totalReturn, trades, buyAndHold: held } }) =>
    trades > 0 && totalReturn < 0 && held !== null && held.totalReturn < totalReturn
      ? `It lost ${percent(-totalReturn)}. Holding, fully invested, lost more (${percent(-held.totalReturn)}): its excess over holding is no profit.`
      : null,
  coarser_bars: ({ figures: { timeframe }, bar }) =>
    bar === timeframe
      ? null
      : `The model learnt on ${timeframe}, but KTRDR traded ${bar} bars, those of its base_timeframe: the figures and buy-and-hold are of ${bar} bars.`,
  curve_covers_a_part: ({ figures, tradableBars }) =>
    tradableBars !== null && figures.equityPoints + CURVE_SLACK < tradableBars
      ? `The equity curve covers ${figures.equityPoints} of ${tradableBars} traded bars: drawdown, Sharpe, Sortino and volatility are of that part only. Several timeframes end where the coarsest of them does; any other run was resumed: run it afresh.`
      : null,
  few_trades: ({ figures: { trades } }) =>
    trades > 0 && trades < FEW_TRADES
      ? `Only ${trades} ${trades === 1 ? "trade" : "trades"}: too few to tell skill from luck.`
      : null,
  sharpe_within_noise: ({ figures: { sharpe, trades }, perYear, years }) => {
    if (sharpe === null || perYear === null || years === null || trades === 0) return null;
    const error = sharpeStandardError(sharpe, years, perYear);
    return Math.abs(sharpe) < 2 * error
      ? `Sharpe ${figure(sharpe)} has a standard error of ${figure(error)}: not distinguishable from zero.`
      : null;
  },
  no_sharpe: ({ figures: { sharpe, trades } }) =>
    sharpe === null && trades > 0
      ? "There is no Sharpe: the account hardly moved, or moved by the same amount in every bar."
      : null,
  no_sortino: ({ figures: { sortino, trades } }) =>
    sortino === null && trades > 0
      ? "A Sortino does not exist: too few bars lost money to say how far their losses scatter."
      : null,
  no_annual_return: ({ figures: { annualReturn } }) =>
    annualReturn === null ? "An annual return and a Calmar do not exist: a few days cannot be scaled to a year." : null,
  no_calmar: ({ figures: { calmar, annualReturn, trades } }) =>
    calmar === null && annualReturn !== null && trades > 0
      ? "A Calmar does not exist: the account never fell below an earlier high."
      : null,
  sortino_is_ktrdrs: ({ figures: { sortino } }) =>
    sortino === null
      ? null
      : "ktrdr_sortino divides by the deviation of losing bars around their own mean: it compares with no Sortino from elsewhere.",
  one_trade: ({ figures: { raw, trades } }) => {
    const [win, profit] = [raw["largest_win"] ?? 0, raw["total_return"] ?? 0];
    return trades > 1 && profit > 0 && win > MOST_OF_PROFIT * profit
      ? `One trade won ${figure(win)} of a profit of ${figure(profit)}: without it there is little or nothing left.`
      : null;
  },
  no_costs: ({ figures: { commission, slippage } }) =>
    commission + slippage === 0 ? "No costs: every trade is flattered. Run it with commission and slippage." : null,
  sharpe_rescaled: ({ figures, perYear, bar }) => {
    if (perYear === null) {
      return `KTRDR annualises with √252 for every bar; bars per year of ${bar} cannot be told of these bars, so Sharpe, Sortino and volatility are as it gave them.`;
    }
    return perYear === KTRDR_BARS_PER_YEAR
      ? null
      : `Sharpe, Sortino and volatility are annualised with ${Math.round(perYear)} bars a year; KTRDR used 252 (its Sharpe: ${figure(figures.raw["sharpe_ratio"] ?? 0)}).`;
  },
  entry_costs_left_out: ({ figures, trades: { leftOut, profitFactor } }) => {
    if (figures.trades === 0 || leftOut < 0.01) return null;
    const [given, corrected] = [figures.raw["profit_factor"] ?? 0, profitFactor ?? 0].map(figure);
    const factor =
      profitFactor === null || given === corrected
        ? ""
        : ` The profit factor is corrected to ${corrected} (KTRDR: ${given}).`;
    const favoured = figures.winRate === 0 ? "" : ", so the win rate is too favourable";
    return `KTRDR's trades leave out ${figure(leftOut)} of entry costs${favoured}; return and Sharpe have them.${factor}`;
  },
  no_losing_trade: ({ figures }) =>
    figures.trades > 0 && figures.profitFactor === null
      ? "No losing trade: a profit factor does not exist (KTRDR writes 999999)."
      : null,
  last_exit_not_costed: ({ figures }) => {
    const cost = POSITION_SHARE * (figures.commission + figures.slippage);
    return figures.trades > 0 && cost > 0
      ? `Up to ${percent(cost)} of costs may be missing for an exit after the last bar.`
      : null;
  },
  part_invested: ({ figures }) =>
    figures.buyAndHold !== null && figures.trades > 0
      ? "KTRDR puts 25 % of the capital into a position: compare Sharpe, or the return with at_same_exposure."
      : null,
  no_buy_and_hold: ({ figures: { buyAndHold: held }, tradableBars, faults }) => {
    if (held !== null) {
      return held.sharpe === null ? "Buy-and-hold has no Sharpe: the price varies by nothing but rounding." : null;
    }
    if (faults.length > 0) return "Buy-and-hold does not exist over bad bars.";
    return tradableBars === null
      ? "Buy-and-hold could not be computed: the bars of the window could not be had."
      : `Buy-and-hold could not be computed: ${tradableBars} bars are left after the warm-up.`;
  },
};

/** Caveats about figures that only detail full shows. */
export const OF_FULL_ONLY: readonly string[] = ["sortino_is_ktrdrs", "no_sortino"];

/** Whether a caveat says something about what is shown. @param luckIsTold whether luck stands beside it, which says more */
export const isTold = ({ code }: Caveat, detail: Detail, luckIsTold: boolean): boolean =>
  detail === "full" || !(OF_FULL_ONLY.includes(code) || (luckIsTold && code === "sharpe_within_noise"));

/** Stable codes in a stable order: the gravest first. */
export function backtestCaveats(facts: BacktestFacts): readonly Caveat[] {
  return Object.entries(CHECKS).flatMap(([code, check]) => {
    const text = check(facts);
    return text === null ? [] : [{ code, text }];
  });
}
