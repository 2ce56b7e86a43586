import { z } from "zod";
import { compact, rounded, type Detail } from "../facts.ts";
import { Insistence } from "../insistence.ts";
import { BuyAndHold, DataFingerprint, MARKET, ORIGIN, WINDOW } from "../result.ts";
import type { Stored } from "../stored.ts";
import { boughtOnce, holdingAtSameExposure, timeInMarket } from "../results/exposure.ts";
import { defineKind, type Told } from "./define-kind.ts";
import { datesText, percentText } from "./words.ts";

const figure = z.number().nullable();

/** What a backtest pays. */
export const Costs = z.strictObject({
  /** Currency. */
  initialCapital: z.number(),
  /** Ratios of traded value per fill (0.001 = 0.1 %). */
  commission: z.number(),
  slippage: z.number(),
});
export type Costs = Stored<typeof Costs>;

export const BacktestRequest = z.strictObject({
  kind: z.literal("backtest"),
  strategy: z.string(),
  /** SHA-256 of the text that the model was trained from, which the model trades by; absent when not on record. */
  strategySha256: z.string().optional(),
  ...MARKET,
  ...WINDOW,
  /** Model directory relative to KTRDR's working directory, as trainings return it. */
  modelPath: z.string(),
  /** The training job the model came from, when it is ours. */
  trainingJobId: z.string().nullable(),
  ...Costs.shape,
  /** The backtest of which this is a prefix; absent for a backtest of its own. Prefixes are measured, not tried. */
  measures: z.string().optional(),
  /**
   * The days of a walk-forward's window: those its model was trained on, or those after, which begin when the warm-up ends.
   * Absent for a backtest of its own. Windows are measured, not tried: the walk-forward is the trial. So nobody is told the
   * figures of one before it is counted, or apart from the others.
   */
  walks: z.enum(["train", "test"]).optional(),
  /**
   * The champion's backtest, whose model trades the days after its approval; absent for a backtest of its own. Such days are
   * watched, not tried, and nobody is told their figures but by the champion.
   */
  watches: z.string().optional(),
  /** Errors insisted on, including those of the model's training. */
  insisted: z.array(Insistence).optional(),
});
export type BacktestRequest = Stored<typeof BacktestRequest>;

export const BacktestResult = z.strictObject({
  kind: z.literal("backtest"),
  strategy: z.string(),
  ...MARKET,
  ...WINDOW,
  modelPath: z.string(),
  ...Costs.shape,
  /** As in the request. */
  measures: z.string().optional(),
  walks: z.enum(["train", "test"]).optional(),
  watches: z.string().optional(),
  /** Ratio over the window. */
  totalReturn: z.number(),
  /** Ratio per year over calendar days of the window; null over fewer days than can be scaled to a year. */
  annualReturn: figure,
  /** Annualised with the timeframe's own bars per year (KTRDR uses sqrt(252) for every bar; the raw one is in `raw`). */
  sharpe: figure,
  /** KTRDR's own, on the same scale. It divides by the deviation of the losing bars around their mean, not below zero. */
  sortino: figure,
  /** Annualised ratio. */
  volatility: z.number(),
  /** Ratio, positive. */
  maxDrawdown: z.number(),
  /** Annual return over maximum drawdown; null when there was no drawdown. */
  calmar: figure,
  trades: z.number(),
  /** Ratio; KTRDR's trade statistics leave out the entry commission (docs/ktrdr.md §10.2). */
  winRate: figure,
  /** Gross wins over gross losses, entry costs put back where they are known; null without a losing trade. */
  profitFactor: figure,
  avgHoldingHours: figure,
  equityPoints: z.number(),
  buyAndHold: BuyAndHold.nullable(),
  /** The 22 figures exactly as KTRDR named and computed them (docs/ktrdr.md §6.2, §10). */
  raw: z.record(z.string(), z.number()),
  /** Null when the bars could not be had. */
  data: DataFingerprint.nullable(),
  ...ORIGIN,
});
export type BacktestResult = Stored<typeof BacktestResult>;

export const backtest = defineKind({
  name: "backtest",
  prefix: "backtest",
  workflow: "runBacktest",
  computing: {
    operationType: "backtesting",
    workerTypes: ["backtesting"],
    holdsResult: ({ metrics }) => typeof metrics === "object" && metrics !== null,
  },
  request: BacktestRequest,
  result: BacktestResult,
  subject: ({ strategy, symbol, timeframe }) => ({ strategy, symbol, timeframe }),
  summary: ({ strategy, symbol, timeframe, startDate, endDate }) =>
    `backtest ${strategy} on ${symbol} ${timeframe}, ${startDate}..${endDate}`,
  computations: () => 1,
  insisted: ({ insisted = [] }) => insisted,
  headline: headlineOf,
  told: toldOf,
  origin: ({ modelPath, initialCapital, commission, slippage, ...window }, { trainingJobId }) => ({
    dates: datesText(window),
    model_path: modelPath,
    training_task_id: trainingJobId,
    initial_capital: initialCapital,
    commission,
    slippage,
  }),
  startedBy: ["run_backtest"],
  again: "To run it again, repeat run_backtest with force_new_reason.",
  mend: "Mend what the reason names: other dates or another model are a new job. list_market_data shows the bars there are.",
  next: "Compare with buy_and_hold and with backtests of other trainings of the same strategy before concluding.",
});

function headlineOf(result: BacktestResult): string {
  if (result.walks !== undefined) return "a window of a walk-forward, told with all its windows";
  if (result.watches !== undefined) return "days after the approval of a champion, told with the champion";
  const { totalReturn, sharpe, maxDrawdown, trades, buyAndHold: hold } = result;
  const beside =
    hold === null
      ? ""
      : `; buy-and-hold, fully invested, ${percentText(hold.totalReturn, 2)}, Sharpe ${hold.sharpe?.toFixed(2) ?? "undefined"}`;
  if (trades === 0) return `no trade was made${beside}`;
  const traded = boughtOnce(result) ? "it bought once and held" : `${trades} ${trades === 1 ? "trade" : "trades"}`;
  return `return ${percentText(totalReturn, 2)}, Sharpe ${sharpe?.toFixed(2) ?? "undefined"}, drawdown ${percentText(maxDrawdown)}, ${traded}${beside}`;
}

function toldOf(result: BacktestResult, detail: Detail): Told {
  if (result.walks !== undefined || result.watches !== undefined) return { figures: {} };
  const brief = {
    total_return: rounded(result.totalReturn),
    annual_return: rounded(result.annualReturn),
    sharpe: rounded(result.sharpe),
    max_drawdown: rounded(result.maxDrawdown),
    trades: result.trades,
    time_in_market: rounded(timeInMarket(result)),
  };
  const held = result.buyAndHold;
  const beside = held === null ? {} : { buy_and_hold: { ...heldFacts(held), ...sameExposure(result) } };
  if (detail === "brief") return { figures: compact(brief), ...beside };
  const figures = compact({
    ...brief,
    volatility: rounded(result.volatility),
    calmar: rounded(result.calmar),
    win_rate: rounded(result.winRate),
    profit_factor: rounded(result.profitFactor),
    avg_holding_hours: rounded(result.avgHoldingHours),
    ktrdr_sortino: detail === "full" ? rounded(result.sortino) : null,
  });
  return { figures, ...beside, ...(detail === "full" ? { raw: roundedAll(result.raw) } : {}) };
}

const heldFacts = (held: BuyAndHold) => ({
  total_return: rounded(held.totalReturn),
  annual_return: rounded(held.annualReturn),
  sharpe: rounded(held.sharpe),
  max_drawdown: rounded(held.maxDrawdown),
  bars: held.bars,
});

function sameExposure(result: BacktestResult) {
  const same = holdingAtSameExposure(result);
  return same === null
    ? {}
    : { at_same_exposure: { capital_share: rounded(same.share), total_return: rounded(same.totalReturn) } };
}

const roundedAll = (raw: BacktestResult["raw"]) =>
  Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, rounded(value)]));
