/** Name of the example; a file made of it must be called the same. */
export const EXAMPLE_NAME = "spx_pullback_example";

/**
 * A complete strategy for S&P 500 daily bars that passes every check and has three label classes on 2000-2014. Used by
 * get_strategy_schema and checked by the tests.
 */
export const EXAMPLE_STRATEGY = `name: ${EXAMPLE_NAME}            # = file name without .yaml
description: S&P 500 daily; short dips bought only while price is above its half-year average
version: "3.0"
training_data:
  symbols: {mode: single, symbol: SPX}
  timeframes: {mode: single, timeframe: 1d}
  history_required: 200
indicators:
  dip:   {type: rsi, period: 5}
  trend: {type: distancefromma, period: 120, ma_type: EMA}
  force: {type: adx, period: 20}
fuzzy_sets:
  dip_depth:
    indicator: dip
    deep: {type: trapezoidal, parameters: [-1, 0, 20, 40]}
    usual: [30, 50, 70]
    stretched: {type: trapezoidal, parameters: [60, 80, 100, 101]}
  trend_side:                          # percent from the average
    indicator: trend
    under: {type: trapezoidal, parameters: [-60, -40, -3, 1]}
    around: [-3, 0, 3]
    over: {type: trapezoidal, parameters: [-1, 3, 30, 40]}
  trend_force:                         # several outputs: name one
    indicator: force.adx
    quiet: {type: trapezoidal, parameters: [-1, 0, 15, 25]}
    strong: {type: gaussian, parameters: [45, 13]}
nn_inputs:
  - {fuzzy_set: dip_depth, timeframes: all}
  - {fuzzy_set: trend_side, timeframes: all}
  - {fuzzy_set: trend_force, timeframes: ["1d"]}
model:
  type: mlp
  architecture: {hidden_layers: [16, 8], dropout: 0.1, activation: relu}
decisions:
  output_format: classification
  confidence_threshold: 0.45
  filters: {min_signal_separation: 24}
training:
  epochs: 40
  batch_size: 32
  learning_rate: 0.001
  loss: cross_entropy
  labels: {source: zigzag, zigzag_threshold: 0.03, label_lookahead: 20}
  data_split: {train: 0.7, validation: 0.15, test: 0.15}
`;
