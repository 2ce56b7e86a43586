import { z } from "zod";
import type { BacktestRequest, BacktestResult } from "../kinds/backtest.ts";
import { spanOf } from "../market-data.ts";
import type { Engine } from "../result.ts";
import { annualise } from "../statistics.ts";
import { badAnswer, parseAnswer, share } from "./answer.ts";
import { backtestCaveats } from "./backtest-caveats.ts";
import { barSoundness } from "./bar-soundness.ts";
import { barsPerYear, KTRDR_BARS_PER_YEAR, LEAST_YEARS, YEAR_MS } from "./bars-per-year.ts";
import { buyAndHold, tradedYears, WARM_UP_BARS, type WindowBars } from "./buy-and-hold.ts";
import { priceSpan } from "./position-size.ts";
import { tradeSums } from "./trade-sums.ts";
import { tradedBars } from "./traded-bars.ts";

/** No account has larger sums (capital is at most 1e12), and computing with them would overflow. */
const MOST_MONEY = 1e15;
const money = z.number().min(-MOST_MONEY).max(MOST_MONEY);
const count = z.number().int().nonnegative();
const hours = z.number().nonnegative();

/** All 22 figures, named as KTRDR names them (docs/ktrdr.md §6.2); the record keeps exactly these as raw. */
const Metrics = z.object({
  total_return: money,
  total_return_pct: z.number(),
  annualized_return: z.number(),
  volatility: z.number().nonnegative(),
  sharpe_ratio: z.number(),
  sortino_ratio: z.number(),
  max_drawdown: z.number(),
  max_drawdown_pct: z.number().nonnegative(),
  calmar_ratio: z.number(),
  recovery_factor: z.number(),
  total_trades: count,
  winning_trades: count,
  losing_trades: count,
  win_rate: share,
  profit_factor: z.number().nonnegative(),
  avg_win: money,
  avg_loss: money,
  largest_win: money,
  largest_loss: money,
  avg_holding_period: hours,
  avg_win_holding_period: hours,
  avg_loss_holding_period: hours,
});

const Summary = z.looseObject({
  strategy_name: z.string(),
  symbol: z.string(),
  timeframe: z.string(),
  config: z.looseObject({
    initial_capital: z.number(),
    commission: z.number(),
    slippage: z.number(),
    start_date: z.string(),
    end_date: z.string(),
  }),
  metrics: Metrics,
  equity_curve_length: count,
});

/**
 * A backtest's result with every figure meaning what its name says; KTRDR's own stay in `raw`. Sharpe, Sortino and
 * volatility are annualised with the bars per year of the data, annual return and Calmar over the traded bars, profit
 * factor after entry costs (docs/ktrdr.md §6.2, §10).
 * @param bars bars of the requested window, or null when they cannot be had: then buy-and-hold is missing
 * @param refused why KTRDR's API refuses these bars, when that is the reason
 * @throws DomainError `ktrdr_bad_answer` when a figure is missing or impossible, or the result answers another request.
 */
export function normaliseBacktest(
  resultSummary: Readonly<Record<string, unknown>>,
  request: BacktestRequest,
  bars: WindowBars | null,
  engine: Engine,
  refused: string | null = null,
): BacktestResult {
  const summary = parseAnswer(Summary, resultSummary, "backtest");
  refuseAnotherRequest(summary, request);
  const { metrics, equity_curve_length: equityPoints } = summary;
  const whole = bars !== null && bars.times.length === bars.ohlcv.length ? bars : null;
  const traded = whole === null ? null : tradedBars(whole, request.timeframe, equityPoints);
  const usable = traded === null ? null : traded.bars;
  const soundness = traded === null ? null : barSoundness(traded.timeframe, traded.bars);
  // Without bars, the number of KTRDR's equity points tells how many bars the window had.
  const points = equityPoints + WARM_UP_BARS - 1;
  const perYear = soundness === null ? barsPerYear(request.timeframe, points, spanOf(request)) : soundness.perYear;
  const scale = perYear === null ? 1 : Math.sqrt(perYear / KTRDR_BARS_PER_YEAR);
  const years = usable === null ? null : tradedYears(usable);
  const annualReturn = annualReturnOf(metrics, years, spanOf(request) / YEAR_MS);
  const trades = tradeSums(metrics);
  const { strategySha256: _text, trainingJobId: _training, insisted: _insisted, ...asked } = request;
  const figures = {
    ...asked,
    totalReturn: metrics.total_return_pct,
    annualReturn,
    sharpe: varies(metrics.volatility) ? scaled(metrics.sharpe_ratio, scale) : null,
    sortino: scaled(metrics.sortino_ratio, scale),
    volatility: metrics.volatility * scale,
    maxDrawdown: metrics.max_drawdown_pct,
    calmar: calmarOf(annualReturn, metrics.max_drawdown_pct),
    trades: metrics.total_trades,
    winRate: metrics.total_trades > 0 ? metrics.win_rate : null,
    profitFactor: trades.profitFactor,
    avgHoldingHours: metrics.total_trades > 0 ? metrics.avg_holding_period : null,
    equityPoints,
    buyAndHold:
      usable === null || soundness === null || soundness.faults.length > 0
        ? null
        : buyAndHold(usable, perYear ?? KTRDR_BARS_PER_YEAR),
    raw: rawOf(metrics),
    data: null,
    engine,
  } as const satisfies Omit<BacktestResult, "caveats">;
  const told = {
    faults: soundness?.faults ?? (refused === null ? [] : [refused]),
    doubts: soundness?.doubts ?? [],
  };
  const dearest = usable === null ? null : priceSpan(usable);
  const tradableBars = usable === null ? null : Math.max(0, usable.times.length - WARM_UP_BARS);
  const bar = traded?.timeframe ?? request.timeframe;
  const facts = { figures, trades, perYear, years, tradableBars, dearest, bar, ...told };
  return { ...figures, caveats: backtestCaveats(facts) };
}

/** KTRDR writes 0 for a ratio without a deviation, and this at most for an infinite one (docs/ktrdr.md §6.2). */
const KTRDR_INFINITY = 999_999;
const KTRDR_LEAST_DEVIATION = 1e-10;

/** Without bars KTRDR's own figure. Null over fewer days than can be scaled to a year. */
function annualReturnOf(
  metrics: { readonly total_return_pct: number; readonly annualized_return: number },
  traded: number | null,
  asked: number,
): number | null {
  if ((traded ?? asked) < LEAST_YEARS) return null;
  return traded === null ? metrics.annualized_return : annualise(metrics.total_return_pct, traded);
}

const calmarOf = (annualReturn: number | null, drawdown: number): number | null =>
  annualReturn !== null && drawdown > KTRDR_LEAST_DEVIATION ? annualReturn / drawdown : null;

const varies = (volatility: number): boolean => volatility / Math.sqrt(KTRDR_BARS_PER_YEAR) > KTRDR_LEAST_DEVIATION;

const scaled = (ratio: number, scale: number): number | null =>
  ratio === 0 || Math.abs(ratio) >= KTRDR_INFINITY ? null : ratio * scale;

/** The name in the strategy's text. KTRDR files its models under it and answers with it, whatever the file is called. */
const nameOf = (modelPath: string): string | undefined => modelPath.split("/")[1];

/** A start whose answer was lost is matched to an operation by its parameters; this refuses a wrong match. */
function refuseAnotherRequest(summary: z.infer<typeof Summary>, request: BacktestRequest): void {
  const { config } = summary;
  const differing = Object.entries({
    strategy: [request.strategy, nameOf(request.modelPath)].includes(summary.strategy_name),
    symbol: summary.symbol.toUpperCase() === request.symbol.toUpperCase(),
    timeframe: summary.timeframe === request.timeframe,
    initial_capital: config.initial_capital === request.initialCapital,
    commission: config.commission === request.commission,
    slippage: config.slippage === request.slippage,
    start_date: config.start_date.slice(0, 10) === request.startDate.slice(0, 10),
    end_date: config.end_date.slice(0, 10) === request.endDate.slice(0, 10),
  }).flatMap(([field, same]) => (same ? [] : [field]));
  if (differing.length > 0) {
    throw badAnswer("backtest", `It answers another request: ${differing.join(", ")} differ.`);
  }
}

function rawOf(metrics: z.infer<typeof Metrics>): BacktestResult["raw"] {
  return { ...metrics };
}
