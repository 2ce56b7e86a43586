import type { Bars } from "./bars.ts";
import type { Market } from "./dataset.ts";

/** Progress of a run in the fields that an operation shows (docs/ktrdr.md §2.10). Percentage 0..100. */
export interface RunProgress {
  readonly percentage: number;
  readonly currentStep: string;
  readonly stepsCompleted: number;
  readonly stepsTotal: number;
  readonly itemsProcessed: number;
}

/** One epoch in the wire form of the metrics block (docs/ktrdr.md §2.10): `epoch` from 0, `duration` in seconds. */
export interface EpochMetrics {
  readonly epoch: number;
  readonly train_loss: number;
  readonly train_accuracy: number;
  readonly val_loss: number;
  readonly val_accuracy: number;
  readonly learning_rate: number;
  readonly duration: number;
  readonly timestamp: string;
}

/** Learning curve, one number per epoch. */
export interface TrainingHistory {
  train_loss: number[];
  train_accuracy: number[];
  val_loss: number[];
  val_accuracy: number[];
}

/**
 * Wire form of a training checkpoint's state without `original_request`, which the worker adds (docs/ktrdr.md §2.12).
 */
export interface TrainingState {
  readonly epoch: number;
  readonly train_loss: number;
  readonly val_loss: number;
  readonly train_accuracy: number;
  readonly val_accuracy: number;
  readonly learning_rate: number;
  readonly best_val_loss: number;
  readonly training_history: TrainingHistory;
}

/** State plus the content of the artifact files by name: `model.pt`, `optimizer.pt`, `best_model.pt`. */
export interface TrainingCheckpoint {
  readonly state: TrainingState;
  readonly artifacts: Readonly<Record<string, string>>;
}

/** `training_metrics` when the training ended regularly. */
export interface CompletedTrainingMetrics {
  readonly epochs_trained: number;
  readonly training_time: number;
  readonly final_train_loss: number;
  readonly final_train_accuracy: number;
  readonly best_train_accuracy: number;
  readonly final_val_loss: number;
  readonly final_val_accuracy: number;
  readonly best_val_accuracy: number;
  readonly history: TrainingHistory;
}

/** Result of a training exactly as on the wire (docs/ktrdr.md §6.3). */
export interface TrainingResultSummary {
  readonly model_path: string;
  readonly training_metrics: CompletedTrainingMetrics | { readonly error: string };
  readonly test_metrics: Readonly<Record<string, number>>;
  readonly model_info: {
    readonly parameters_count: number;
    readonly trainable_parameters: number;
    readonly architecture: "v3_mlp";
  };
  readonly data_summary: {
    readonly symbols: readonly string[];
    readonly timeframes: readonly string[];
    readonly start_date: string;
    readonly end_date: string;
    readonly total_samples: number;
    readonly feature_count: number;
  };
  readonly session_info: {
    readonly operation_id: string;
    readonly strategy_name: string;
    readonly symbols: readonly string[];
    readonly timeframes: readonly string[];
    readonly training_mode: "local";
    readonly use_host_service: false;
    readonly start_date: string;
    readonly end_date: string;
  };
  readonly artifacts: { readonly feature_importance: null; readonly per_symbol_metrics: null };
  readonly resource_usage: { readonly training_mode: "local" };
}

/** What `train` (train.ts) needs. `markets` hold whole series; `train` cuts them to the dates. */
export interface TrainInput {
  readonly strategyYaml: string;
  /** Labels are made from the first market. */
  readonly markets: readonly Market[];
  /** Names the model's folder. */
  readonly timeframe: string;
  /** ISO dates as the request gave them; the result repeats them unchanged. */
  readonly startDate: string;
  readonly endDate: string;
  /** Absolute models folder; `model_path` in the result is `models/<strategy>/<tf>_v<N>` whatever its name. */
  readonly modelsDir: string;
  readonly operationId: string;
  /** Fixes the random draw; without it every run differs, as in the real backend (docs/ktrdr.md §10.1). */
  readonly seed?: number;
  /** Slows a run: milliseconds waited between epochs (cut short by `signal`). */
  readonly epochDelayMs?: number;
  readonly resume?: TrainingCheckpoint;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RunProgress) => void;
  /** Called after each epoch; `checkpoint` makes a snapshot, call it only when one is to be kept. */
  readonly onEpoch?: (metrics: EpochMetrics, checkpoint: () => TrainingCheckpoint) => void | Promise<void>;
}

/** The 22 figures of a backtest (docs/ktrdr.md §6.2, §10), key names as on the wire. */
export interface BacktestMetrics {
  readonly total_return: number;
  readonly total_return_pct: number;
  readonly annualized_return: number;
  readonly volatility: number;
  readonly sharpe_ratio: number;
  readonly sortino_ratio: number;
  readonly max_drawdown: number;
  readonly max_drawdown_pct: number;
  readonly calmar_ratio: number;
  readonly recovery_factor: number;
  readonly total_trades: number;
  readonly winning_trades: number;
  readonly losing_trades: number;
  readonly win_rate: number;
  readonly profit_factor: number;
  readonly avg_win: number;
  readonly avg_loss: number;
  readonly largest_win: number;
  readonly largest_loss: number;
  readonly avg_holding_period: number;
  readonly avg_win_holding_period: number;
  readonly avg_loss_holding_period: number;
}

/** Result of a backtest exactly as on the wire (docs/ktrdr.md §6.2). */
export interface BacktestResultSummary {
  readonly strategy_name: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly start_time: string;
  readonly end_time: string;
  readonly execution_time_seconds: number;
  readonly config: {
    readonly initial_capital: number;
    readonly commission: number;
    readonly slippage: number;
    readonly start_date: string;
    readonly end_date: string;
  };
  readonly metrics: BacktestMetrics;
  readonly trade_count: number;
  readonly equity_curve_length: number;
}

/** A closed trade in the wire form of a backtest checkpoint. Times ISO-8601 `+00:00`; holding period in hours. */
export interface TradeRecord {
  readonly trade_id: number;
  readonly symbol: string;
  readonly side: "LONG" | "SHORT";
  readonly entry_price: number;
  readonly entry_time: string;
  readonly exit_price: number;
  readonly exit_time: string;
  readonly quantity: number;
  readonly gross_pnl: number;
  readonly commission: number;
  readonly slippage: number;
  readonly net_pnl: number;
  readonly holding_period_hours: number;
  readonly max_favorable_excursion: number;
  readonly max_adverse_excursion: number;
}

/** An open position in the wire form of a backtest checkpoint. */
export interface OpenPosition {
  readonly status: "LONG" | "SHORT";
  readonly symbol: string;
  readonly quantity: number;
  readonly entry_date: string;
  readonly entry_price: number;
  readonly current_price: number;
}

/**
 * Wire form of a backtest checkpoint's state without `original_request`, which the worker adds (docs/ktrdr.md §2.12).
 */
export interface BacktestCheckpoint {
  readonly operation_type: "backtesting";
  readonly bar_index: number;
  readonly current_date: string;
  readonly cash: number;
  readonly positions: readonly OpenPosition[];
  readonly trades: readonly TradeRecord[];
  readonly equity_samples: readonly { readonly equity: number; readonly bar_index: number }[];
}

/** What `runBacktest` (backtest.ts) needs. */
export interface BacktestInput {
  /** Reads the whole series of the symbol; `runBacktest` cuts it to the dates. */
  readonly read: (timeframe: string) => Promise<Bars>;
  readonly symbol: string;
  readonly timeframe: string;
  /** Timeframes of the strategy file, when the API found one. When they are fewer than two, the model's count. */
  readonly timeframes?: readonly string[];
  readonly startDate: string;
  readonly endDate: string;
  readonly initialCapital: number;
  /** Ratio of the traded value; negative is accepted, as by the real backend. */
  readonly commission: number;
  readonly slippage: number;
  /** As in the request, e.g. `models/x/1d_v1` or `models/x/1d_latest`; undefined fails as in the real backend. */
  readonly modelPath: string | undefined;
  /** Folder that a relative `modelPath` starts from (the parent of `models`). */
  readonly workDir: string;
  /** Slows a run: milliseconds per bar, waited in portions. */
  readonly barDelayMs?: number;
  readonly resume?: BacktestCheckpoint;
  readonly signal?: AbortSignal;
  /** Computing waits for it. */
  readonly onProgress?: (progress: RunProgress) => void | Promise<void>;
  /** Called every 10,000 bars with a snapshot maker, as at KTRDR. */
  readonly onCheckpoint?: (checkpoint: () => BacktestCheckpoint) => void | Promise<void>;
}

/** A backtest with everything behind the figures; `equity` is one mark-to-market value per bar after warm-up. */
export interface BacktestRun {
  readonly result: BacktestResultSummary;
  readonly trades: readonly TradeRecord[];
  readonly equity: Float64Array;
  readonly equityTimes: Float64Array;
}
