import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { join } from "node:path";
import type { BacktestCheckpoint, BacktestInput, BacktestRun, RunProgress } from "../../../sandbox/engine/api-types.ts";
import { runBacktest, WARM_UP_BARS } from "../../../sandbox/engine/backtest.ts";
import { parseTime, sliceBars, type Bars } from "../../../sandbox/engine/bars.ts";
import { readBars } from "../../../sandbox/engine/price-file.ts";
import { RunCancelled } from "../../../sandbox/engine/errors.ts";
import { seedDataFolder } from "../../../sandbox/engine/market-data.ts";
import { performanceFigures } from "../../../sandbox/engine/performance-figures.ts";
import { train } from "../../../sandbox/engine/train.ts";
import { probeStrategy, temporaryFolder } from "./support.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let trend: Bars;
let noise: Bars;
let modelPath: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  await seedDataFolder(join(folder.path, "data"));
  trend = await readBars(join(folder.path, "data"), "SYNTREND", "1d");
  noise = await readBars(join(folder.path, "data"), "SYNNOISE", "1d");
  const result = await train({
    strategyYaml: probeStrategy({
      labels: "{source: zigzag, zigzag_threshold: 0.03}",
      decisions: ", filters: {min_signal_separation: 96}",
      training: "epochs: 6, learning_rate: 0.005",
    }),
    markets: [{ symbol: "SYNTREND", series: new Map([["1d", trend]]) }],
    timeframe: "1d",
    startDate: "2000-01-03",
    endDate: "2009-12-31",
    modelsDir: join(folder.path, "models"),
    operationId: "op-1",
    seed: 1,
  });
  modelPath = result.model_path;
});

afterAll(() => folder[Symbol.asyncDispose]());

function job(change: Partial<BacktestInput> = {}): BacktestInput {
  return {
    read: () => Promise.resolve(trend),
    symbol: "SYNTREND",
    timeframe: "1d",
    startDate: "2010-01-04",
    endDate: "2014-12-31",
    initialCapital: 100_000,
    commission: 0.001,
    slippage: 0.0005,
    modelPath,
    workDir: folder.path,
    ...change,
  };
}

/** Computes the figures independently, by their definitions, from nothing but trades and equity. */
function recompute(run: BacktestRun, input: BacktestInput): Record<string, number> {
  const equity = [...run.equity];
  const returns: number[] = [];
  for (let i = 1; i < equity.length; i++) returns.push(equity[i]! / equity[i - 1]! - 1);
  const mean = (list: number[]): number => (list.length === 0 ? 0 : list.reduce((a, b) => a + b, 0) / list.length);
  const spread = (list: number[]): number => {
    const centre = mean(list);
    return Math.sqrt(list.map((x) => (x - centre) ** 2).reduce((a, b) => a + b, 0) / list.length);
  };
  const falls = equity.map((value, i) => 1 - value / Math.max(...equity.slice(0, i + 1)));
  const days = (Date.parse(`${input.endDate}Z`) - Date.parse(`${input.startDate}Z`)) / 86_400_000;
  const total = equity.at(-1)! - input.initialCapital;
  const annual = (equity.at(-1)! / input.initialCapital) ** (365.25 / days) - 1;
  const nets = run.trades.map((trade) => trade.net_pnl);
  const wins = nets.filter((net) => net > 0);
  const losses = nets.filter((net) => net < 0);
  const hours = (won: boolean): number[] =>
    run.trades.filter((trade) => trade.net_pnl > 0 === won).map((trade) => trade.holding_period_hours);
  const sum = (list: number[]): number => list.reduce((a, b) => a + b, 0);
  return {
    total_return: total,
    total_return_pct: total / input.initialCapital,
    annualized_return: annual,
    volatility: spread(returns) * Math.sqrt(252),
    sharpe_ratio: (mean(returns) / spread(returns)) * Math.sqrt(252),
    sortino_ratio: (mean(returns) / spread(returns.filter((value) => value < 0))) * Math.sqrt(252),
    max_drawdown_pct: Math.max(...falls),
    max_drawdown: Math.max(...falls) * Math.max(...equity),
    calmar_ratio: annual / Math.max(...falls),
    recovery_factor: total / (Math.max(...falls) * Math.max(...equity)),
    total_trades: nets.length,
    winning_trades: wins.length,
    losing_trades: losses.length,
    win_rate: wins.length / nets.length,
    profit_factor: sum(wins) / -sum(losses),
    avg_win: mean(wins),
    avg_loss: mean(losses),
    largest_win: Math.max(...wins),
    largest_loss: Math.min(...losses),
    avg_holding_period: mean(run.trades.map((trade) => trade.holding_period_hours)),
    avg_win_holding_period: mean(hours(true)),
    avg_loss_holding_period: mean(hours(false)),
  };
}

test("all 22 figures equal an independent computation from trades and equity", async () => {
  // A model that was trained on a pattern both wins and loses on noise.
  const run = await runBacktest(job({ read: () => Promise.resolve(noise), symbol: "SYNNOISE" }));
  expect(run.trades.length).toBeGreaterThan(10);
  expect(run.result.metrics.winning_trades).toBeGreaterThan(0);
  expect(run.result.metrics.losing_trades).toBeGreaterThan(0);
  const expected = recompute(run, job());
  const actual: Record<string, number> = { ...run.result.metrics };
  expect(Object.keys(actual).toSorted()).toEqual(Object.keys(expected).toSorted());
  expect(Object.keys(actual)).toHaveLength(22);
  for (const [name, value] of Object.entries(expected)) {
    expect(Math.abs(actual[name]! - value), name).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(value)));
  }
});

test("the result has the recorded shape", async () => {
  const { execution_time_seconds: seconds, metrics: _metrics, ...rest } = (await runBacktest(job())).result;
  expect(seconds).toBeGreaterThan(0);
  const bars = sliceBars(trend, parseTime("2010-01-04"), parseTime("2014-12-31")).length;
  expect(rest).toEqual({
    strategy_name: "probe",
    symbol: "SYNTREND",
    timeframe: "1d",
    start_time: "2010-01-04T00:00:00",
    end_time: "2014-12-31T00:00:00",
    config: {
      initial_capital: 100_000,
      commission: 0.001,
      slippage: 0.0005,
      start_date: "2010-01-04T00:00:00",
      end_date: "2014-12-31T00:00:00",
    },
    trade_count: rest.trade_count,
    equity_curve_length: bars - WARM_UP_BARS,
  });
});

describe("accounting", () => {
  test("the money adds up: equity is cash flow of the trades, entry commission included only there", async () => {
    // With or without an open position at the end: cash after all trades = start + net profits - entry commissions.
    const run = await runBacktest(job());
    const entryCosts = run.trades.reduce((sum, trade) => sum + trade.quantity * trade.entry_price * 0.001, 0);
    const net = run.trades.reduce((sum, trade) => sum + trade.net_pnl, 0);
    const last = run.trades.at(-1)!;
    const window = sliceBars(trend, parseTime("2010-01-04"), parseTime("2014-12-31"));
    const openAtEnd =
      Date.parse(last.exit_time) === window.time.at(-1) && last.exit_price !== window.open.at(-1)! * 0.9995;
    const exitCosts = openAtEnd ? last.quantity * (window.close.at(-1)! - last.exit_price) + last.commission : 0;
    expect(run.result.metrics.total_return).toBeCloseTo(net - entryCosts + exitCosts, 6);
  });

  test("a position open at the end is closed after the last equity point", async () => {
    const first = (await runBacktest(job())).trades[0]!;
    const entered = trend.time.indexOf(Date.parse(first.entry_time));
    const input = job({ endDate: new Date(trend.time[entered + 1]!).toISOString() });
    const run = await runBacktest(input);
    expect(run.trades).toHaveLength(1);
    const [trade] = run.trades;
    const close = trend.close[entered + 1]!;
    expect(trade!.exit_price).toBeCloseTo(close * 0.9995, 9);
    const spent = trade!.quantity * trade!.entry_price * 1.001;
    expect(run.result.metrics.total_return).toBeCloseTo(trade!.quantity * close - spent, 6);
    expect(trade!.net_pnl).toBeLessThan(run.result.metrics.total_return + trade!.quantity * trade!.entry_price * 0.001);
  });

  test("orders fill at an open, whole shares, a quarter of the cash, with slippage against the trader", async () => {
    const run = await runBacktest(job());
    for (const trade of run.trades) {
      const entered = trend.time.indexOf(Date.parse(trade.entry_time));
      expect(trade.entry_price).toBeCloseTo(trend.open[entered]! * 1.0005, 9);
      const left = trend.time.indexOf(Date.parse(trade.exit_time));
      if (trade !== run.trades.at(-1)) {
        expect(trade.exit_price).toBeCloseTo(trend.open[left]! * 0.9995, 9);
        // The period is counted to the bar before the exit, so it is one bar short.
        expect(trade.holding_period_hours).toBe((trend.time[left - 1]! - trend.time[entered]!) / 3_600_000);
      }
      expect(Number.isInteger(trade.quantity)).toBe(true);
      expect(trade.side).toBe("LONG");
    }
    const first = run.trades[0]!;
    const price = first.entry_price / 1.0005;
    expect(first.quantity).toBe(Math.floor(25_000 / (price * 1.001)));
  });

  test("nothing happens in the first 50 bars", async () => {
    const window = sliceBars(trend, parseTime("2010-01-04"), parseTime("2014-12-31"));
    const run = await runBacktest(job());
    expect(run.equityTimes[0]).toBe(window.time[WARM_UP_BARS]);
    expect(run.equity[0]).toBe(100_000);
    for (const trade of run.trades) expect(Date.parse(trade.entry_time)).toBeGreaterThan(window.time[WARM_UP_BARS]!);
  });

  test("orders keep their distance", async () => {
    const run = await runBacktest(job());
    // The distance is counted from a fill to the next decision, which is made one bar before the next fill.
    const fills = run.trades.flatMap((trade) => [trade.entry_time, trade.exit_time].map((time) => Date.parse(time)));
    const decisions = fills.map((time) => trend.time[trend.time.indexOf(time) - 1]!);
    const gaps = decisions.slice(1, -1).map((time, i) => time - fills[i]!);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(96 * 3_600_000);
    expect(gaps.length).toBeGreaterThan(10);
  });

  test("costs cost, negative ones pay", async () => {
    const gain = async (commission: number, slippage: number): Promise<number> =>
      (await runBacktest(job({ commission, slippage }))).result.metrics.total_return;
    const [free, normal, paid] = [await gain(0, 0), await gain(0.001, 0.0005), await gain(-0.01, 0)];
    expect(free).toBeGreaterThan(normal);
    expect(paid).toBeGreaterThan(free);
  });

  test("a model of the pattern earns on it out of sample", async () => {
    expect((await runBacktest(job())).result.metrics.sharpe_ratio).toBeGreaterThan(1);
  });
});

test("figures of a run without trades are zeros, not NaN", () => {
  const window = { from: 0, to: 86_400_000 * 365 };
  const figures = performanceFigures(new Float64Array(100).fill(1000), [], 1000, window);
  expect(Object.values(figures).every((value) => value === 0)).toBe(true);
});

test("the drawdown in currency is the ratio times the highest equity, as the real backend has it", () => {
  const figures = performanceFigures(Float64Array.of(100, 200, 150, 400, 380), [], 100, { from: 0, to: 1 });
  expect(figures.max_drawdown_pct).toBe(0.25);
  expect(figures.max_drawdown).toBe(100);
});

test("the same model gives the same figures, by version or as latest", async () => {
  const first = await runBacktest(job());
  const second = await runBacktest(job({ modelPath: "models/probe/1d_latest" }));
  expect(second.result.metrics).toEqual(first.result.metrics);
});

test("progress names the bar's time as recorded", async () => {
  const seen: RunProgress[] = [];
  await runBacktest(job({ onProgress: (progress) => void seen.push(progress) }));
  expect(seen[0]?.currentStep).toMatch(/^Backtesting SYNTREND 1d \[2010-\d\d-\d\d 00:00:00\+00:00\]$/);
  expect(seen.every((progress) => progress.percentage > 0 && progress.percentage < 100)).toBe(true);
  expect(seen.length).toBeGreaterThan(5);
});

test("a cancelled backtest leaves a checkpoint; resumed, it mixes scopes like the real one", async () => {
  const stop = new AbortController();
  const cancelAt = (progress: RunProgress): void => {
    if (progress.percentage > 50) stop.abort();
  };
  const error: unknown = await runBacktest(job({ signal: stop.signal, onProgress: cancelAt })).catch(
    (reason: unknown) => reason,
  );
  if (!(error instanceof RunCancelled)) throw error;
  const checkpoint = error.checkpoint as BacktestCheckpoint;
  expect(checkpoint.operation_type).toBe("backtesting");
  expect(checkpoint.trades.length).toBeGreaterThan(0);
  expect(checkpoint.equity_samples[0]).toMatchObject({ bar_index: 100 });
  const whole = await runBacktest(job());
  const resumed = await runBacktest(job({ resume: structuredClone(checkpoint) }));
  expect(resumed.trades.slice(0, checkpoint.trades.length)).toEqual(checkpoint.trades);
  expect(resumed.trades.length).toBeGreaterThan(checkpoint.trades.length);
  expect(resumed.result.equity_curve_length).toBe(
    whole.result.equity_curve_length - (checkpoint.bar_index + 1 - WARM_UP_BARS),
  );
});

test("a slowed run stops at once when cancelled", async () => {
  const stop = new AbortController();
  const onProgress = (): void => stop.abort();
  const running = runBacktest(job({ barDelayMs: 3_600_000, signal: stop.signal, onProgress, startDate: "2009-11-02" }));
  setImmediate(() => stop.abort());
  await expect(running).rejects.toBeInstanceOf(RunCancelled);
});

describe("failures have the recorded texts", () => {
  test.each<[string, Partial<BacktestInput>, string]>([
    ["no model path", { modelPath: undefined }, "model_path is required for backtesting"],
    ["absent folder", { modelPath: "models/probe/1d_v99" }, "Model directory not found: models/probe/1d_v99"],
    [
      "path of the weights",
      { modelPath: "models/probe/1d_v1/model.pt" },
      "V3 metadata not found at models/probe/1d_v1/model.pt/metadata_v3.json. This model may not be a v3 model",
    ],
    ["window without bars", { startDate: "2031-01-02", endDate: "2031-12-31" }, "No data for SYNTREND 1d"],
    ["start after end", { startDate: "2014-12-31", endDate: "2010-01-04" }, "No data for SYNTREND 1d"],
    ["other timeframe", { timeframe: "1h" }, "No features computed - check data and configuration"],
    ["too short", { endDate: "2010-01-15" }, "Insufficient data: 10 points available, 15 required"],
    [
      "shorter than the warm-up",
      { endDate: "2010-03-12" },
      "Insufficient data for backtesting: 50 bars (need at least 51",
    ],
  ])("%s", async (_case, change, message) => {
    await expect(runBacktest(job(change))).rejects.toThrow(message);
  });
});
