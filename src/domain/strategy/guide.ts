import { describeParameter, INDICATORS } from "../indicators/catalogue.ts";
import type { IndicatorDefinition, OutputScale } from "../indicators/definition.ts";
import { EXAMPLE_STRATEGY } from "./guide-example.ts";

/** Sections of the strategy guide; each stays below about 1,500 tokens. */
export const GUIDE_SECTIONS = ["grammar", "indicators", "memberships", "labels", "example"] as const;

export type GuideSection = (typeof GUIDE_SECTIONS)[number];

const GRAMMAR = `A strategy is one YAML mapping (YAML 1.1: quote words such as yes, no, on, off; write 0.001, not 1e-3).
Sections; * = required. Keys not named here are ignored by KTRDR.

name*: letters, digits, _ and -; models are filed under it, jobs under the file name: keep them equal
description, version: text
training_data*:
  symbols*: {mode: single, symbol: SPX}   (a list of several: KTRDR mixes up whose labels belong to whose bars)
  timeframes*: {mode: single, timeframe: 1d}
    or {mode: multi_timeframe, list: ["1h", "4h"]}: labels, bars and results are of the finest. Slower bars look ahead
    in backtests (they stand at their opening with their close) and are 0 between their openings in training.
  history_required (50 or more) and start_date, end_date (quoted) have no effect; train_model takes the dates
context_data: list of {provider: fred, series} (key and network), {provider: cftc_cot, report} (network) or
  {provider: ib, symbol, timeframe} (stored bars); an indicator reads one by data_source
indicators*: id -> {type, parameters flat beside it}
fuzzy_sets*: id -> {indicator: <id> or <id>.<output>, <membership>: [...], ...}
nn_inputs*: list of
  {fuzzy_set: <id>, timeframes: all}           each membership becomes one feature
  {raw_indicator: <id>[.<output>], timeframes: all, normalization: minmax|zscore|none}
  timeframes: all, or a list such as ["1d"] out of training_data
model*: {type: mlp, architecture: {hidden_layers: [16, 8], dropout: 0.2, activation: relu|tanh|sigmoid|leaky_relu}}
  or {type: lstm|gru, architecture: {sequence_length*: 20, hidden_size: 64, num_layers: 2, dropout: 0.2}}
decisions*: output_format*: classification|regression; confidence_threshold 0..1 (0.5);
  filters: {min_signal_separation: hours (4)}; position_awareness (true); allow_short_from_flat (false);
  regression needs cost_model: {round_trip_cost, min_edge_multiplier}
training*: epochs (100), learning_rate (0.001), batch_size (32), data_split {train 0.7, validation 0.15, test 0.15},
  loss: cross_entropy|focal (focal_gamma) for classification, huber (huber_delta)|mse for regression,
  labels: see the section labels
  optimizer, early_stopping, lr_scheduler, gradient_clip, analytics and model.training have no effect.
  All epochs are trained, and the model of the last one is saved, not that of the best.

Features are named <timeframe>_<set>_<membership> or <timeframe>_<reference>_raw, in the order of nn_inputs.`;

const MEMBERSHIPS = `A membership says to which degree (0..1) a value belongs to a word.
  triangular   [left, peak, right]                                          short form: a list of 3
  trapezoidal  {type: trapezoidal, parameters: [left, top, top, right]}
  gaussian     {type: gaussian, parameters: [centre, sigma]}                sigma above 0
Numbers ascend from left to right. Every key of a fuzzy set except indicator is a membership.

Good sets
- Two to four memberships per indicator; neighbours overlap and cross at about 0.5. In a gap between two
  the network sees only zeros; KTRDR trains on it (a warning).
- Outer ones go beyond the end of the range: [-1, 0, 20, 40] for rsi. A trapezoid is 0 on its own ends, so
  [0, 0, 20, 40] is 0 at exactly 0.
- Use the indicator's own scale: rsi, stochastic, mfi 0..100; williamsr -100..0; adx mostly 5..60; cmf -1..1;
  macd, momentum and atr are in price units, so they change with the symbol and its price level.
- calculate_indicators gives quantiles on real data: put the limits near the 10, 50 and 90 % quantile.
- Price levels (moving averages, bands, vwap) and running totals (obv, adline) drift away from fixed sets. Use
  distancefromma, bollingerbandwidth, roc or an oscillator instead.
- An indicator with several outputs needs one named: trend.adx, bands.upper, gap.histogram.`;

const LABELS = `training.labels says what the network learns to predict. It looks into the future of the training data.
  zigzag          {zigzag_threshold: 0.02, label_lookahead: 10}
      Between two turning points of at least the threshold (ratio: 0.02 = 2 %) bars are BUY on the way up and SELL on
      the way down; the turning points are HOLD. So a smaller threshold gives MORE HOLD. label_lookahead showed no
      influence on the labels of real trainings. The default when no source is named.
  triple_barrier  {pt_multiplier: 2.0, sl_multiplier: 1.5, max_holding_period: 50, vol_span: 50, vol_method: atr|close}
      BUY when the profit barrier is met first, SELL for the loss barrier, HOLD when neither is met in time. The last
      max_holding_period bars get no label.
  forward_return  {horizon: 20}                        regression only; horizon must be given
  regime          {vol_crisis_threshold: 2.0, vol_lookback: 120}    4 classes, VOLATILE the last;
      horizon and trending_threshold have no effect
  context         {horizon: 5, bullish_threshold: 0.005, bearish_threshold: -0.005}
      regime and context classes are not trading signals; a backtest would misread them.
Classes are 0 BUY, 1 HOLD, 2 SELL. A training fails when the LAST class is missing in its training part; any other that
is missing is never learnt. validate_strategy counts them on real bars beforehand when it is given dates.`;

/** Text of one section. */
export function guideSection(section: GuideSection): string {
  switch (section) {
    case "grammar":
      return GRAMMAR;
    case "indicators":
      return indicatorGuide();
    case "memberships":
      return MEMBERSHIPS;
    case "labels":
      return LABELS;
    case "example":
      return EXAMPLE_STRATEGY;
  }
}

function indicatorGuide(): string {
  const groups = [...new Set(INDICATORS.map((definition) => definition.group))];
  const lists = groups.map((group) => {
    const lines = INDICATORS.filter((definition) => definition.group === group).map(indicatorLine);
    return `${group}\n${lines.join("\n")}`;
  });
  return `type(parameter=default) -> outputs [scale]; ranges and meanings: list_indicators.\n${lists.join("\n")}`;
}

/** `rsi(period=14, source=close) [0..100]` */
export function indicatorLine(definition: IndicatorDefinition): string {
  const parameters = definition.parameters.map((parameter) => `${parameter.name}=${String(parameter.default)}`);
  const outputs = definition.outputs.length === 0 ? "" : ` -> ${definition.outputs.join(", ")}`;
  return `${definition.type}(${parameters.join(", ")})${outputs} [${scaleText(definition.scales)}]`;
}

function scaleText(scales: Readonly<Record<string, OutputScale>>): string {
  return Object.entries(scales)
    .map(([name, scale]) => `${name === "" ? "" : `${name} `}${unitText(scale)}`)
    .join("; ");
}

export function unitText({ unit, range, usual }: OutputScale): string {
  const limits = usual ?? range;
  if (limits !== undefined) return `${usual === undefined ? "" : "mostly "}${limits[0]}..${limits[1]}`;
  return {
    bounded: "bounded",
    relative: "relative",
    price_difference: "price units",
    price: "price level",
    cumulative: "running total",
  }[unit];
}

/** `period: whole number 2..100 (14)` */
export function parameterLines(definition: IndicatorDefinition): readonly string[] {
  return definition.parameters.map(
    (parameter) => `${parameter.name}: ${describeParameter(parameter)} (${String(parameter.default)})`,
  );
}
