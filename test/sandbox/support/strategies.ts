import { writeFileSync } from "node:fs";
import { join } from "node:path";

export interface StrategyOptions {
  readonly symbol?: string;
  readonly timeframe?: string;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly threshold?: number;
}

/** A small oscillator strategy as a v3 file's text; `name` is what the file says inside. */
export function strategyYaml(name: string, options: StrategyOptions = {}): string {
  const { symbol = "SPX", timeframe = "1d", epochs = 12, batchSize = 128, threshold = 0.02 } = options;
  return `name: ${name}
description: oscillator zones on two lengths
version: "3.0"
training_data:
  symbols: {mode: single, symbol: ${symbol}}
  timeframes: {mode: single, timeframe: ${timeframe}}
  history_required: 100
indicators:
  rsi_two_weeks: {type: rsi, period: 9}
  rsi_month: {type: rsi, period: 21}
fuzzy_sets:
  fast_zone:
    indicator: rsi_two_weeks
    low: [0, 20, 40]
    middle: [30, 50, 70]
    high: [60, 80, 100]
  slow_zone:
    indicator: rsi_month
    weak: {type: trapezoidal, parameters: [0, 15, 40, 52]}
    firm: {type: trapezoidal, parameters: [46, 60, 85, 100]}
nn_inputs:
  - {fuzzy_set: fast_zone, timeframes: all}
  - {fuzzy_set: slow_zone, timeframes: ["${timeframe}"]}
model:
  type: mlp
  architecture: {hidden_layers: [8], dropout: 0.1, activation: relu}
decisions:
  output_format: classification
  confidence_threshold: 0.4
  filters: {min_signal_separation: 24}
training:
  epochs: ${epochs}
  batch_size: ${batchSize}
  learning_rate: 0.002
  labels: {source: zigzag, zigzag_threshold: ${threshold}, label_lookahead: 20}
  data_split: {train: 0.7, validation: 0.15, test: 0.15}
`;
}

function without(text: string, section: string): string {
  return text.replace(new RegExp(`^${section}:\\n(?:[ -].*\\n)+`, "m"), "");
}

/** The files that the recorded requests name. Where a name tells of a defect, the file has that one. */
export function recordedStrategies(): Record<string, string> {
  const good = (name: string): string => strategyYaml(name);
  const defect = (name: string, from: string, to: string): string => good(name).replace(from, to);
  return {
    spx_rsi_reversion: strategyYaml("spx_rsi_reversion", { epochs: 30, batchSize: 16 }),
    spx_macd_adx_trend: good("spx_macd_adx_trend")
      .replace("rsi_two_weeks: {type: rsi, period: 9}", "gap: {type: macd}")
      .replace("rsi_month: {type: rsi, period: 21}", "strength: {type: adx}")
      .replace("indicator: rsi_two_weeks", "indicator: gap.histogram")
      .replace("indicator: rsi_month", "indicator: strength.adx"),
    spx_quick: good("spx_quick"),
    spx_minute: strategyYaml("spx_minute", { epochs: 60, batchSize: 16 }),
    spx_long: strategyYaml("spx_long", { epochs: 6000, batchSize: 16 }),
    spx_many_epochs: strategyYaml("spx_many_epochs", { epochs: 300, batchSize: 256 }),
    spx_bad_arity: defect("spx_bad_arity", "low: [0, 20, 40]", "low: [0, 20]"),
    spx_bad_param: defect("spx_bad_param", "period: 9", "perod: 9"),
    spx_bad_ref: defect("spx_bad_ref", "indicator: rsi_month", "indicator: rsi_year"),
    spx_bad_type: defect("spx_bad_type", "type: rsi, period: 9", "type: rsx, period: 9"),
    spx_bad_yaml: "name: spx_bad_yaml\ntraining_data: {symbols: {mode: single\nindicators: 3\n",
    spx_no_decisions: without(good("spx_no_decisions"), "decisions"),
    spx_no_fuzzy: without(good("spx_no_fuzzy"), "fuzzy_sets"),
    spx_no_inputs: without(good("spx_no_inputs"), "nn_inputs"),
    spx_one_class: strategyYaml("spx_one_class", { threshold: 0.9 }),
    spx_renamed: good("spx_other_name"),
  };
}

export function writeStrategies(stateDir: string, strategies: Readonly<Record<string, string>>): void {
  for (const [stem, text] of Object.entries(strategies)) {
    writeFileSync(join(stateDir, "strategies", `${stem}.yaml`), text);
  }
}
