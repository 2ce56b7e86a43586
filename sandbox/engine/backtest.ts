import { performance } from "node:perf_hooks";
import { Account, stamp } from "./account.ts";
import type { BacktestCheckpoint, BacktestInput, BacktestResultSummary, BacktestRun } from "./api-types.ts";
import { parseTime, sliceBars, type Bars } from "./bars.ts";
import { EngineError, RunCancelled } from "./errors.ts";
import { computeFeatures, type FeatureMatrix } from "./features.ts";
import { at } from "./indicators/series.ts";
import { loadModel, type StoredModel } from "./model-folder.ts";
import { paceFor } from "./pacing.ts";
import { performanceFigures } from "./performance-figures.ts";
import { windowOf } from "./network.ts";
import { OrderFilter, opinions, type Signal } from "./signals.ts";
import { alignForBacktest, commonWindow } from "./timeframes.ts";

/** Bars at the start of the window on which nothing is traded and no equity is recorded. */
export const WARM_UP_BARS = 50;

const CHECKPOINT_BARS = 10_000;
const SAMPLE_BARS = 100;
const PROGRESS_BARS = 100;

interface Session {
  readonly input: BacktestInput;
  readonly bars: Bars;
  readonly account: Account;
  readonly equity: number[];
  readonly equityTimes: number[];
  readonly samples: { equity: number; bar_index: number }[];
  bar: number;
}

/**
 * Trades a stored model over a window. It decides at a bar's close and fills at the next bar's open: whole shares, a
 * quarter of the cash, costs on both sides. It reads only the model's folder, no strategy file. The same model and
 * window give the same figures, and those of an earlier end are a prefix of them (docs/ktrdr.md §11.6). Rejects with
 * EngineError (texts of recording 09) or, when the signal stops it, with RunCancelled and a checkpoint. A resumed run
 * has KTRDR's fault: return and trades are of the whole window. The equity curve and what is computed from it are only
 * of the bars after the resume (docs/ktrdr.md §9.12).
 */
export async function runBacktest(input: BacktestInput): Promise<BacktestRun> {
  const started = performance.now();
  const model = await loadModel(input.workDir, input.modelPath);
  const { bars, features, rowAt } = await prepare(input, model);
  const session = openSession(input, bars);
  await trade(session, model, features, rowAt);
  // The equity curve ends before the last position is closed. So these exit costs are only in the trade's own figures.
  if (session.account.holding !== undefined) session.account.close(at(bars.close, bars.length - 1), lastTime(bars));
  return finish(session, model, (performance.now() - started) / 1000);
}

/** The bars that are traded, and the row of features for a bar's opening stamp. */
interface Ground {
  readonly bars: Bars;
  readonly features: FeatureMatrix;
  readonly rowAt: (time: number) => number | undefined;
}

async function prepare(input: BacktestInput, model: StoredModel): Promise<Ground> {
  const series = await load(input, model);
  // The model's first timeframe is the base. When it has no series, the first series that there is takes its place.
  const base = [model.timeframes[0] ?? "", ...series.keys()].find((one) => series.has(one)) ?? "";
  const bars = series.get(base);
  if (bars === undefined || bars.length === 0) {
    throw new EngineError("DATA-NotFound", `No data for ${input.symbol} ${input.timeframe}`);
  }
  const { breathe } = paceFor(input.signal);
  const tables = await computeFeatures(model.strategy, model.features, series, breathe);
  const features = alignForBacktest(tables, model.features, base);
  if (bars.length <= WARM_UP_BARS) {
    const needed = `need at least ${WARM_UP_BARS + 1} for indicator warm-up`;
    throw new EngineError("BACKTEST-TooShort", `Insufficient data for backtesting: ${bars.length} bars (${needed})`);
  }
  const times = tables.length === 1 ? (tables[0]?.time ?? bars.time) : bars.time;
  return { bars, features, rowAt: rowFinder(times, windowOf(model.network)) };
}

/** Reads several timeframes when strategy file or model has them, cut to their common time; else the one asked for. */
async function load(input: BacktestInput, model: StoredModel): Promise<ReadonlyMap<string, Bars>> {
  const [from, to] = [parseTime(input.startDate), parseTime(input.endDate)];
  const told = input.timeframes ?? [];
  const several = told.length > 1 ? told : model.timeframes;
  const wanted = several.length > 1 ? several : [input.timeframe];
  const series = new Map<string, Bars>();
  for (const timeframe of wanted) series.set(timeframe, sliceBars(await input.read(timeframe), from, to));
  return commonWindow(series);
}

/**
 * The row of a stamp. A stamp that occurs twice gives a model of single rows two rows at once, and KTRDR fails on them.
 * A recurrent model gets none and skips the bar.
 */
function rowFinder(times: Float64Array, window: number): (time: number) => number | undefined {
  const rows = new Map<number, number>();
  const twice = new Set<number>();
  for (const [row, time] of times.entries()) {
    if (rows.has(time)) twice.add(time);
    else rows.set(time, row);
  }
  return (time) => {
    if (twice.has(time)) {
      if (window > 1) return undefined;
      throw new EngineError("BACKTEST-Duplicate", "float() argument must be a string or a real number, not 'dict'");
    }
    const row = rows.get(time);
    return row !== undefined && row >= window - 1 ? row : undefined;
  };
}

function openSession(input: BacktestInput, bars: Bars): Session {
  const account = new Account(input.symbol, input.initialCapital, input);
  const kept = input.resume;
  if (kept !== undefined) account.restore(kept.cash, kept.positions, kept.trades);
  return {
    input,
    bars,
    account,
    equity: [],
    equityTimes: [],
    samples: [...(kept?.equity_samples ?? [])],
    bar: kept === undefined ? WARM_UP_BARS : kept.bar_index + 1,
  };
}

async function trade(
  session: Session,
  model: StoredModel,
  features: FeatureMatrix,
  rowAt: Ground["rowAt"],
): Promise<void> {
  const { input, bars, account } = session;
  const pace = paceFor(input.signal);
  const opinion = opinions(model.strategy, model.network, features);
  const filter = new OrderFilter(model.strategy);
  let pending: Signal = 0;
  let lastFill = -Infinity;
  const delay = input.barDelayMs ?? 0;
  const portion = delay > 0 ? Math.max(1, Math.ceil(20 / delay)) : Infinity;
  for (; session.bar < bars.length; session.bar++) {
    const i = session.bar;
    const time = at(bars.time, i);
    if (fill(account, pending, at(bars.open, i), time)) lastFill = time;
    pending = 0;
    const row = rowAt(time);
    if (row !== undefined) {
      pending = filter.order(opinion(row), account.holding?.side ?? 0, time, lastFill);
      const equity = account.mark(at(bars.close, i), time);
      session.equity.push(equity);
      session.equityTimes.push(time);
      if (i % SAMPLE_BARS === 0) session.samples.push({ equity, bar_index: i });
    }
    if (i % PROGRESS_BARS === 0) await progress(session);
    if (i % CHECKPOINT_BARS === 0) await input.onCheckpoint?.(() => checkpoint(session));
    if (i % portion === 0) await pace.rest(delay * portion);
    await pace.breathe();
    if (pace.stopped()) throw new RunCancelled(checkpoint(session));
  }
}

/** An order at a bar's open closes the opposite position, or opens one when flat. True when something was traded. */
function fill(account: Account, order: Signal, price: number, time: number): boolean {
  if (order === 0 || order === account.holding?.side) return false;
  if (account.holding === undefined) return account.open(order, price, time);
  account.close(price, time);
  return true;
}

async function progress(session: Session): Promise<void> {
  const { input, bars, bar } = session;
  const now = stamp(at(bars.time, bar)).replace("T", " ");
  await input.onProgress?.({
    percentage: (100 * bar) / bars.length,
    currentStep: `Backtesting ${input.symbol} ${input.timeframe} [${now}]`,
    stepsCompleted: 0,
    stepsTotal: 0,
    itemsProcessed: 0,
  });
}

/** State after the current bar. An order that waits for the next open is dropped, as at KTRDR. */
function checkpoint(session: Session): BacktestCheckpoint {
  const { account, bars, bar } = session;
  return {
    operation_type: "backtesting",
    bar_index: bar,
    current_date: stamp(at(bars.time, bar)),
    cash: account.cash,
    positions: account.positions(at(bars.close, bar)),
    trades: [...account.trades],
    equity_samples: [...session.samples],
  };
}

function lastTime(bars: Bars): number {
  return at(bars.time, bars.length - 1);
}

function finish(session: Session, model: StoredModel, seconds: number): BacktestRun {
  const { input, account } = session;
  const equity = Float64Array.from(session.equity);
  const window = { from: parseTime(input.startDate), to: parseTime(input.endDate) };
  const dates = { start: longDate(window.from), end: longDate(window.to) };
  const result: BacktestResultSummary = {
    strategy_name: model.strategy.name,
    symbol: input.symbol,
    timeframe: input.timeframe,
    start_time: dates.start,
    end_time: dates.end,
    execution_time_seconds: seconds,
    config: {
      initial_capital: input.initialCapital,
      commission: input.commission,
      slippage: input.slippage,
      start_date: dates.start,
      end_date: dates.end,
    },
    metrics: performanceFigures(equity, account.trades, input.initialCapital, window),
    trade_count: account.trades.length,
    equity_curve_length: equity.length,
  };
  return { result, trades: account.trades, equity, equityTimes: Float64Array.from(session.equityTimes) };
}

/** `2015-01-02T00:00:00`, naive UTC. */
function longDate(time: number): string {
  return new Date(time).toISOString().slice(0, 19);
}
