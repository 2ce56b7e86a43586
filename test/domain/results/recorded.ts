import { readFileSync } from "node:fs";
import type { BacktestRequest } from "../../../src/domain/kinds/backtest.ts";
import type { TrainingRequest } from "../../../src/domain/kinds/training.ts";
import type { Engine } from "../../../src/domain/result.ts";
import type { WindowBars } from "../../../src/domain/results/buy-and-hold.ts";

type Summary = Record<string, unknown>;

export interface RecordedBacktest extends Summary {
  strategy_name: string;
  symbol: string;
  timeframe: string;
  start_time: string;
  end_time: string;
  equity_curve_length: number;
  config: { initial_capital: number; commission: number; slippage: number; start_date: string; end_date: string };
  metrics: Record<string, number>;
}

export interface RecordedTraining extends Summary {
  training_metrics: Summary & { history: Record<string, number[]>; best_val_accuracy: number };
  test_metrics: Summary;
}

/** `result_summary` objects of the real KTRDR, cut out of recorded exchanges. */
export const recorded = JSON.parse(readFileSync(new URL("recorded.json", import.meta.url), "utf8")) as {
  trainings: Record<"rsi" | "macd", RecordedTraining>;
  /** Five windows each of two strategies on SPX 1d. */
  daily: RecordedBacktest[];
  /** Hourly EURUSD: a full run, a resumed run, and the full run again. */
  hourly: RecordedBacktest[];
};

export const ENGINE: Engine = { name: "ktrdr", version: "1.0.7.2" };

export const TRAINING: TrainingRequest = {
  kind: "training",
  strategy: "spx_rsi_reversion",
  strategySha256: "0".repeat(64),
  symbol: "SPX",
  timeframe: "1d",
  startDate: "2000-01-03",
  endDate: "2014-12-31",
  draw: 1,
};

/** The request that a recorded backtest answers. */
export function requestOf(backtest: RecordedBacktest): BacktestRequest {
  return {
    kind: "backtest",
    strategy: backtest.strategy_name,
    symbol: backtest.symbol,
    timeframe: backtest.timeframe,
    startDate: backtest.config.start_date.slice(0, 10),
    endDate: backtest.config.end_date.slice(0, 10),
    modelPath: `models/${backtest.strategy_name}/1d_v1`,
    trainingJobId: null,
    initialCapital: backtest.config.initial_capital,
    commission: backtest.config.commission,
    slippage: backtest.config.slippage,
  };
}

/** The real S&P 500 bars that the recorded daily backtests ran on. */
export function spxBars(from: string, to: string): WindowBars {
  const csv = readFileSync(new URL("../../../node_modules/vega-datasets/data/sp500-2000.csv", import.meta.url), "utf8");
  const rows = csv
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","))
    .filter(([date]) => date !== undefined && date >= from && date <= to);
  return { times: rows.map(([date]) => `${date}T00:00:00`), ohlcv: rows.map((row) => row.slice(1, 5).map(Number)) };
}

/** One bar an hour on the weekdays, `hoursPerDay` of them a day, at prices that hardly rise. */
export function hourlyBars(count: number, hoursPerDay = 24): WindowBars {
  const start = Date.parse("2022-01-03T00:00:00Z");
  const times = Array.from({ length: count }, (_, index) => {
    const day = Math.floor(index / hoursPerDay);
    const weekdays = day + 2 * Math.floor(day / 5);
    return new Date(start + weekdays * 86_400_000 + (index % hoursPerDay) * 3_600_000).toISOString();
  });
  return { times, ohlcv: times.map((_, index) => [1, 1 + index / 1_000_000, 1, 1 + index / 1_000_000, 0]) };
}
