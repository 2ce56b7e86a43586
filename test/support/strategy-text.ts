/** A small strategy that trains in a second. */
export const strategyText = (name: string, epochs = 12, symbol = "SPX"): string => `name: ${name}
description: daily oscillator zones
version: "3.0"
training_data:
  symbols: {mode: single, symbol: ${symbol}}
  timeframes: {mode: single, timeframe: 1d}
  history_required: 100
indicators:
  osc: {type: rsi, period: 12}
fuzzy_sets:
  zone:
    indicator: osc
    low: [0, 20, 45]
    mid: [30, 50, 70]
    high: [55, 80, 100]
nn_inputs:
  - {fuzzy_set: zone, timeframes: all}
model:
  type: mlp
  architecture: {hidden_layers: [8], dropout: 0.0, activation: relu}
decisions:
  output_format: classification
  confidence_threshold: 0.4
  filters: {min_signal_separation: 24}
training:
  epochs: ${epochs}
  batch_size: 64
  learning_rate: 0.005
  loss: cross_entropy
  labels: {source: zigzag, zigzag_threshold: 0.02, label_lookahead: 20}
  data_split: {train: 0.7, validation: 0.15, test: 0.15}
`;
