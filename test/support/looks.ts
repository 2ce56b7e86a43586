import type { HoldoutRequest } from "../../src/domain/kinds/holdout.ts";

/** A look at the holdout of SPX. */
export const LOOK: HoldoutRequest = {
  kind: "holdout",
  strategy: "probe",
  symbol: "SPX",
  timeframe: "1d",
  startDate: "2018-10-18",
  endDate: "2023-12-29",
  modelPath: "models/probe/1d_v1",
  trainingJobId: "train-probe",
  initialCapital: 100_000,
  commission: 0.001,
  slippage: 0.0005,
  candidateJobId: "backtest-probe",
  candidate: "c".repeat(64),
};

/** KTRDR's 22 figures of a backtest; the Sharpe ratio is that of `summaryOf`. */
export const METRICS = {
  total_return: 930.2292,
  total_return_pct: 0.0093023,
  annualized_return: 0.0018548,
  volatility: 0.0198343,
  sharpe_ratio: 0.1073953,
  sortino_ratio: 0.1032035,
  max_drawdown: 6134.0221,
  max_drawdown_pct: 0.0607304,
  calmar_ratio: 0.0305423,
  recovery_factor: 0.1516508,
  total_trades: 42,
  winning_trades: 17,
  losing_trades: 25,
  win_rate: 0.4047619,
  profit_factor: 1.1858578,
  avg_win: 696.4104,
  avg_loss: -399.3389,
  largest_win: 2006.7083,
  largest_loss: -1338.9209,
  avg_holding_period: 605.14,
  avg_win_holding_period: 1209.88,
  avg_loss_holding_period: 193.92,
};

/** What KTRDR answers to a look, with this Sharpe ratio over 1,208 bars. */
export const summaryOf = (look: HoldoutRequest, sharpe: number) => ({
  strategy_name: look.strategy,
  symbol: "SPX.HOLDOUT",
  timeframe: look.timeframe,
  config: {
    initial_capital: look.initialCapital,
    commission: look.commission,
    slippage: look.slippage,
    start_date: look.startDate,
    end_date: look.endDate,
  },
  metrics: { ...METRICS, sharpe_ratio: sharpe },
  equity_curve_length: 1_209,
});
