/** The demo's hypothesis: prices recover from dips in a rising market, but not from those in a weak one. */
export const STRATEGY_NAME = "demo_spx_dips";

export const STRATEGY_TEXT = `name: ${STRATEGY_NAME}
description: S&P 500 daily; buys exhaustion only while the market stands above its long average
version: "3.0"
training_data:
  symbols: {mode: single, symbol: SPX}
  timeframes: {mode: single, timeframe: 1d}
  history_required: 200
indicators:
  breath: {type: rsi, period: 7}
  stance: {type: distancefromma, period: 100, ma_type: SMA}
fuzzy_sets:
  exhaustion:
    indicator: breath
    spent: {type: trapezoidal, parameters: [-1, 0, 20, 40]}
    calm: [25, 50, 75]
    heated: {type: trapezoidal, parameters: [60, 80, 100, 101]}
  climate:
    indicator: stance
    weak: {type: trapezoidal, parameters: [-60, -50, -4, 0]}
    even: [-4, 0, 4]
    strong: {type: trapezoidal, parameters: [0, 4, 50, 60]}
nn_inputs:
  - {fuzzy_set: exhaustion, timeframes: all}
  - {fuzzy_set: climate, timeframes: all}
model:
  type: mlp
  architecture: {hidden_layers: [24, 12], dropout: 0.1, activation: relu}
decisions:
  output_format: classification
  confidence_threshold: 0.45
  filters: {min_signal_separation: 24}
training:
  epochs: 60
  batch_size: 32
  learning_rate: 0.001
  loss: cross_entropy
  labels: {source: zigzag, zigzag_threshold: 0.02, label_lookahead: 15}
  data_split: {train: 0.7, validation: 0.15, test: 0.15}
`;

export const TRAINING_DATES = { start_date: "2000-01-03", end_date: "2014-12-31" } as const;

/** Days after the training, which the model has never seen. */
export const BACKTEST_DATES = { start_date: "2015-01-02", end_date: "2019-12-31" } as const;
