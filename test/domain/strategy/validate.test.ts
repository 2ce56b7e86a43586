import { describe, expect, it } from "vitest";
import { EXAMPLE_NAME, EXAMPLE_STRATEGY } from "../../../src/domain/strategy/guide-example.ts";
import { validateStrategy, type ValidateInput } from "../../../src/domain/strategy/validate.ts";
import { fixture, spxBarsBefore } from "./spx-bars.ts";

const bars = spxBarsBefore("2015");
const RSI = fixture("spx_rsi_reversion");
const MACD = fixture("spx_macd_adx_trend");

/** The text with one replacement. Fails the test when there was nothing to replace. */
function changed(text: string, from: string | RegExp, to: string): string {
  const result = text.replace(from, to);
  expect(result).not.toBe(text);
  return result;
}

const codes = (input: ValidateInput) =>
  validateStrategy(input).findings.map(({ severity, code }) => `${severity} ${code}`);

describe("strategies that trained on the real KTRDR", () => {
  it.each(["spx_rsi_reversion", "spx_macd_adx_trend"])("%s has no findings at all", (name) => {
    const result = validateStrategy({ text: fixture(name), fileName: `strategies/${name}.yaml`, bars });
    expect(result.findings).toEqual([]);
    expect(result.valid).toBe(true);
  });

  it("counts exactly the label classes KTRDR counted", () => {
    const counts = (text: string) =>
      validateStrategy({ text, bars }).summary?.labels?.distribution?.map((count) => count.bars);
    expect(counts(RSI)).toEqual([2004, 554, 1215]);
    expect(counts(MACD)).toEqual([2230, 309, 1234]);
  });

  it("names the features in KTRDR's order", () => {
    expect(validateStrategy({ text: MACD }).summary?.features).toEqual([
      "1d_gap_side_falling",
      "1d_gap_side_level",
      "1d_gap_side_rising",
      "1d_trend_force_drifting",
      "1d_trend_force_driving",
      "1d_up_push_faint",
      "1d_up_push_keen",
    ]);
  });
});

it("the guide's example is valid as printed and teaches three classes", () => {
  const result = validateStrategy({ text: EXAMPLE_STRATEGY, fileName: `${EXAMPLE_NAME}.yaml`, bars });
  expect(result.findings).toEqual([]);
  for (const { share } of result.summary?.labels?.distribution ?? []) expect(share).toBeGreaterThan(0.05);
  expect(result.summary?.labels?.distribution).toHaveLength(3);
});

/** [rule, text to replace, replacement, path, what the fix must say] */
const DEFECTS: readonly (readonly [string, string | RegExp, string, string, RegExp])[] = [
  ["wrong_value", 'version: "3.0"', "version: 3.0", "version", /with the quotes/],
  ["unknown_indicator", "{type: rsi, period: 21}", "{type: rsx, period: 21}", "indicators.rsi_month.type", /mean rsi/],
  ["unknown_indicator", "{type: rsi, period: 21}", "{type: stoch}", "indicators.rsi_month.type", /mean stochastic/],
  ["unknown_parameter", "period: 21", "perod: 21", "indicators.rsi_month.perod", /mean period/],
  [
    "unknown_parameter",
    "{type: rsi, period: 21}",
    "{type: macd, fast: 12}",
    "indicators.rsi_month.fast",
    /fast_period/,
  ],
  [
    "indicator_fails",
    "{type: rsi, period: 21}",
    "{type: adline, use_sma_smoothing: true}",
    "indicators.rsi_month.use_sma_smoothing",
    /false/,
  ],
  ["parameter_value", "period: 21", "period: 1", "indicators.rsi_month.period", /2\.\.100/],
  ["parameter_value", "period: 21", "period: 101", "indicators.rsi_month.period", /2\.\.100/],
  ["parameter_value", "period: 21", "period: 14.5", "indicators.rsi_month.period", /whole number/],
  ["parameter_value", "period: 21", "period: 14.0", "indicators.rsi_month.period", /whole number/],
  ["parameter_value", "period: 21", 'period: "21"', "indicators.rsi_month.period", /whole number/],
  ["parameter_value", "period: 21", "period: 21, source: clos", "indicators.rsi_month.source", /close/],
  [
    "fast_not_faster",
    "{type: rsi, period: 21}",
    "{type: macd, fast_period: 30, slow_period: 20}",
    "indicators.rsi_month",
    /below slow_period/,
  ],
  ["unknown_reference", "indicator: rsi_month", "indicator: rsi_year", "fuzzy_sets.slow_zone.indicator", /rsi_month/],
  [
    "unknown_output",
    "indicator: rsi_month",
    "indicator: rsi_month.value",
    "fuzzy_sets.slow_zone.indicator",
    /Write rsi_month\./,
  ],
  ["membership_arity", "[0, 18, 38]", "[18, 38]", "fuzzy_sets.short_zone.sold_out", /left, peak, right/],
  ["membership_arity", "[0, 18, 38]", "[0, 10, 18, 38]", "fuzzy_sets.short_zone.sold_out", /trapezoidal/],
  ["membership_order", "[0, 18, 38]", "[0, 38, 18]", "fuzzy_sets.short_zone.sold_out", /\[0,18,38\]/],
  [
    "membership_degenerate",
    "[0, 18, 38]",
    "{type: gaussian, parameters: [20, 0]}",
    "fuzzy_sets.short_zone.sold_out",
    /sigma/,
  ],
  ["membership_shape", "[0, 18, 38]", "low", "fuzzy_sets.short_zone.sold_out", /left, peak, right/],
  [
    "membership_shape",
    "[0, 18, 38]",
    "{type: triangle, parameters: [0, 18, 38]}",
    "fuzzy_sets.short_zone.sold_out.type",
    /mean triangular/,
  ],
  ["membership_shape", "[0, 18, 38]", '[0, "18", 38]', "fuzzy_sets.short_zone.sold_out", /left, peak, right/],
  [
    "misspelt",
    "{type: triangular, parameters: [30, 50, 70]}",
    "{type: triangular, parameter: [30, 50, 70]}",
    "fuzzy_sets.short_zone.balanced.parameter",
    /parameters/,
  ],
  ["unknown_reference", "fuzzy_set: slow_zone", "fuzzy_set: slow_zon", "nn_inputs.1.fuzzy_set", /mean slow_zone/],
  ["unlisted_timeframe", '["1d"]', '["1h"]', "nn_inputs.1.timeframes", /timeframes: all/],
  [
    "fuzzy_or_raw",
    "{fuzzy_set: short_zone,",
    "{fuzzy_set: short_zone, raw_indicator: rsi_month,",
    "nn_inputs.0",
    /raw_indicator/,
  ],
  ["fuzzy_or_raw", "{fuzzy_set: short_zone,", "{", "nn_inputs.0", /raw_indicator/],
  [
    "normalization_without_raw",
    "{fuzzy_set: short_zone,",
    "{fuzzy_set: short_zone, normalization: zscore,",
    "nn_inputs.0.normalization",
    /raw_indicator only/,
  ],
  ["duplicate_feature", "fuzzy_set: slow_zone", "fuzzy_set: short_zone", "nn_inputs", /once/],
  ["wrong_value", "type: mlp", "type: perceptron", "model.type", /mlp, lstm, gru/],
  ["wrong_value", "[16, 8]", "[16, 0]", "model.architecture.hidden_layers.1", /1\.\.4096/],
  ["wrong_value", "dropout: 0.1", "dropout: 1.5", "model.architecture.dropout", /0\.\.0\.95/],
  ["wrong_value", "activation: relu", "activation: rely", "model.architecture.activation", /relu/],
  ["missing", "type: mlp", "type: lstm", "model.architecture.sequence_length", /sequence_length/],
  ["class_count", "activation: relu", "activation: relu, num_classes: 2", "model.architecture.num_classes", /3/],
  ["misspelt", "hidden_layers:", "hidden_layer:", "model.architecture.hidden_layer", /hidden_layers/],
  ["wrong_value", "confidence_threshold: 0.40", "confidence_threshold: 40", "decisions.confidence_threshold", /0\.\.1/],
  ["misspelt", "epochs: 60", "epoch: 60", "training.epoch", /epochs/],
  ["wrong_value", "epochs: 60", "epochs: 0", "training.epochs", /whole number/],
  ["wrong_value", "learning_rate: 0.001", "learning_rate: -1", "training.learning_rate", /above 0/],
  ["loss_mismatch", "epochs: 60", "epochs: 60\n  loss: mse", "training.loss", /cross_entropy or focal/],
  ["split_sum", "test: 0.15", "test: 0.25", "training.data_split", /0\.7/],
  [
    "split_empty",
    "{train: 0.7, validation: 0.15, test: 0.15}",
    "{train: 0.8, validation: 0, test: 0.2}",
    "training.data_split.validation",
    /0\.15/,
  ],
  ["label_source", "source: zigzag", "source: zigzak", "training.labels.source", /mean zigzag/],
  ["misspelt", "zigzag_threshold", "zigzag_treshold", "training.labels.zigzag_treshold", /zigzag_threshold/],
  [
    "label_format",
    "{source: zigzag, zigzag_threshold: 0.015, label_lookahead: 20}",
    "{source: forward_return}",
    "training.labels.source",
    /zigzag or triple_barrier/,
  ],
  [
    "label_classes",
    "zigzag_threshold: 0.015",
    "zigzag_threshold: 0.9",
    "training.labels",
    /zigzag_threshold \(now 0\.9\)/,
  ],
  ["wrong_value", "name: spx_rsi_reversion", "name: ../spx", "name", /letters, digits/],
  ["wrong_value", "timeframe: 1d", "timeframe: 7x", "training_data.timeframes.timeframe", /1m, 5m/],
  [
    "multi_symbol",
    "{mode: single, symbol: SPX}",
    "{mode: multi_symbol, list: [SPX, NDX]}",
    "training_data.symbols",
    /one symbol at a time/,
  ],
  ["bad_symbol", "symbol: SPX", "symbol: S_X", "training_data.symbols", /ask for SX/],
  ["missing", ", symbol: SPX", "", "training_data.symbols.symbol", /mode: single/],
  [
    "too_few_timeframes",
    "{mode: single, timeframe: 1d}",
    "{mode: multi_timeframe, list: [1d]}",
    "training_data.timeframes.list",
    /mode single/,
  ],
  ["wrong_value", "history_required: 100", "history_required: 20", "training_data.history_required", /50/],
  ["yaml_dialect", "learning_rate: 0.001", "learning_rate: 1e-3", "training.learning_rate", /0\.001/],
  ["yaml_dialect", "sold_out:", "off:", "fuzzy_sets.short_zone.off", /quote/],
  ["bad_id", "rsi_month: {", "rsi.month: {", "indicators.rsi.month", /letters, digits/],
  ["cost_model_missing", "output_format: classification", "output_format: regression", "decisions", /cost_model/],
];

describe("each defect is an error with its place, its line and what would be right", () => {
  it.each(DEFECTS)("%s: %s -> %s", (code, from, to, where, fix) => {
    const text = changed(RSI, from, to);
    const { valid, findings } = validateStrategy({ text, fileName: "spx_rsi_reversion.yaml", bars });
    const found = findings.find((finding) => finding.code === code && finding.where === where);
    expect(found, JSON.stringify(findings)).toMatchObject({ severity: "error", line: expect.any(Number) });
    expect(found?.fix).toMatch(fix);
    expect(valid).toBe(false);
  });

  it.each(["training_data", "indicators", "fuzzy_sets", "nn_inputs", "model", "decisions", "training"])(
    "a missing %s",
    (section) => {
      const text = changed(RSI, new RegExp(`^${section}:\n(?:  .*\n)+`, "m"), "");
      expect(validateStrategy({ text }).findings).toContainEqual(
        expect.objectContaining({ severity: "error", code: "missing", where: section }),
      );
    },
  );

  it("an output of an indicator with several: wrong, missing, switched off", () => {
    const where = "fuzzy_sets.gap_side.indicator";
    const wrong = validateStrategy({ text: changed(MACD, "momentum_gap.histogram", "momentum_gap.hist") });
    expect(wrong.findings).toMatchObject([{ code: "unknown_output", where, fix: "Write momentum_gap.histogram." }]);
    const none = validateStrategy({ text: changed(MACD, "momentum_gap.histogram", "momentum_gap") });
    expect(none.findings).toMatchObject([{ code: "output_missing", severity: "error", where }]);
    const off = changed(
      changed(MACD, "{type: adx, period: 14}", "{type: aroon}"),
      "strength.adx",
      "strength.oscillator",
    );
    expect(codes({ text: off })).toContain("error output_switched_off");
  });

  it("points at the line of the text", () => {
    const text = changed(RSI, "[0, 18, 38]", "[0, 38, 18]");
    const line = text.split("\n").findIndex((row) => row.includes("sold_out")) + 1;
    expect(validateStrategy({ text }).findings[0]?.line).toBe(line);
  });
});

/** [rule, text to replace, replacement] */
const DOUBTS: readonly (readonly [string, string | RegExp, string])[] = [
  ["no_effect", "batch_size: 4", "batch_size: 4\n  optimizer: adam"],
  ["no_effect", "batch_size: 4", "batch_size: 4\n  early_stopping: {patience: 5}"],
  ["no_effect", "type: mlp", "type: mlp\n  training: {epochs: 12}"],
  ["no_effect", "history_required: 100", 'history_required: 100\n  start_date: "2000-01-03"'],
  ["no_effect", "description:", "notes: x\ndescription:"],
  ["no_effect", "batch_size: 4", "batch_size: 4\n  focal_gamma: 2"],
  ["unused_fuzzy_set", '  - {fuzzy_set: slow_zone, timeframes: ["1d"]}\n', ""],
  ["unused_indicator", "indicator: rsi_month", "indicator: rsi_two_weeks"],
  ["range_uncovered", "bought_up: [62, 82, 100]", "bought_up: [62, 70, 80]"],
  ["drifting_scale", "{type: rsi, period: 21}", "{type: sma, period: 21}"],
  [
    "membership_gap",
    /\{type: rsi, period: 21\}([^]*)parameters: \[48, 60, 85, 100\]/,
    "{type: roc, period: 21}$1parameters: [55, 60, 85, 100]",
  ],
  ["raw_not_normalised", "nn_inputs:", "nn_inputs:\n  - {raw_indicator: rsi_month, timeframes: all}"],
  ["membership_degenerate", "[0, 18, 38]", "[18, 18, 18]"],
  ["membership_identical", "bought_up: [62, 82, 100]", "bought_up: [0, 18, 38]"],
  ["membership_gap", "parameters: [30, 50, 70]", "parameters: [45, 50, 55]"],
  ["membership_unreachable", "bought_up: [62, 82, 100]", "bought_up: [120, 130, 140]"],
  ["membership_step", "sold_out: [0, 18, 38]", "sold_out: {type: trapezoidal, parameters: [0, 0, 18, 38]}"],
  ["membership_step", "bought_up: [62, 82, 100]", "bought_up: {type: trapezoidal, parameters: [62, 82, 100, 100]}"],
  ["name_not_file", "name: spx_rsi_reversion", "name: spx_other"],
  ["base_timeframe", "{mode: single, timeframe: 1d}", '{mode: single, list: ["1d"], base_timeframe: "1w"}'],
  ["bad_id", /rsi_month/g, "rsi-mönth"],
  [
    "label_dominant",
    /labels: \{.*\}/,
    "labels: {source: context, horizon: 1, bullish_threshold: 0.04, bearish_threshold: -0.04}",
  ],
  ["label_absent", /labels: \{.*\}/, "labels: {source: context, bullish_threshold: 0.9, bearish_threshold: -0.9}"],
  ["no_effect", /labels: \{.*\}/, "labels: {source: regime, vol_crisis_threshold: 1.2, horizon: 24}"],
  ["threshold_idle", "confidence_threshold: 0.40", "confidence_threshold: 0.3"],
  ["labels_default", /^ {2}labels:.*\n/m, ""],
  ["labels_not_signals", /labels: \{.*\}/, "labels: {source: context}"],
  ["label_rare", /labels: \{.*\}/, "labels: {source: triple_barrier}"],
  ["batch_too_large", "batch_size: 4", "batch_size: 5000"],
];

describe("what is only doubtful is a warning and does not make a strategy invalid", () => {
  it.each(DOUBTS)("%s: %s", (code, from, to) => {
    const text = changed(RSI, from, to);
    const result = validateStrategy({ text, fileName: "spx_rsi_reversion.yaml", bars });
    expect(result.findings.map((finding) => `${finding.severity} ${finding.code}`)).toContain(`warning ${code}`);
    expect(result.findings.filter((finding) => finding.severity === "error")).toEqual([]);
    expect(result.valid).toBe(true);
  });
});

describe("dates and amount of data", () => {
  const range = {
    symbol: "SPX",
    timeframe: "1d",
    startDate: "2000-01-03T00:00:00Z",
    endDate: "2020-04-17T00:00:00Z",
    points: 5105,
  };

  it.each([
    ["2000-01-01", "2014-12-31", []],
    ["1990-01-01", "1999-01-01", ["error dates_without_data"]],
    ["2021-01-01", "2022-01-01", ["error dates_without_data"]],
    ["1995-01-01", "2014-12-31", ["warning dates_without_data"]],
    ["2010-01-01", "2025-12-31", ["warning dates_without_data"]],
    ["2015-01-01", "2010-01-01", ["error dates_reversed"]],
  ])("%s to %s", (startDate, endDate, expected) => {
    expect(codes({ text: RSI, range, window: { startDate, endDate } })).toEqual(expected);
  });

  it("does not judge dates that KTRDR does not use, but for their form", () => {
    const dated = (date: string) =>
      changed(RSI, "history_required: 100", `history_required: 100\n  start_date: ${date}`);
    expect(codes({ text: dated('"1980-01-01"'), range })).toEqual(["warning no_effect"]);
    expect(codes({ text: dated("1980-01-01"), range })).toContain("error bad_date");
  });

  it.each([
    [12, "error too_few_bars"],
    [150, "warning few_bars"],
  ])("%i bars", (count, expected) => {
    expect(codes({ text: RSI, bars: bars.slice(0, count) })).toContain(expected);
  });

  it("counts the range when there are no bars", () => {
    expect(codes({ text: RSI, range: { ...range, points: 12 } })).toContain("error too_few_bars");
  });
});

it("regression with everything it needs is valid", () => {
  const regression = changed(
    RSI,
    /output_format: classification\n.*/,
    "output_format: regression\n  cost_model: {round_trip_cost: 0.003, min_edge_multiplier: 1.5}",
  );
  const text = changed(
    regression,
    /labels: \{.*\}/,
    "labels: {source: forward_return, horizon: 10}\n  loss: huber\n  huber_delta: 0.02",
  );
  const result = validateStrategy({ text, bars });
  expect(result.findings).toEqual([]);
  expect(result.summary?.labels).toEqual({ source: "forward_return", horizon: 10, distribution: null });
});

it("raw inputs and several timeframes give their features in order", () => {
  const many = changed(
    RSI,
    "{mode: single, timeframe: 1d}",
    '{mode: multi_timeframe, list: ["1d", "1w"], base_timeframe: "1d"}',
  );
  const text = changed(
    many,
    '- {fuzzy_set: slow_zone, timeframes: ["1d"]}',
    '- {raw_indicator: rsi_month, timeframes: all, normalization: zscore}\n  - {fuzzy_set: slow_zone, timeframes: ["1d"]}',
  );
  expect(validateStrategy({ text }).summary?.features).toEqual([
    "1d_short_zone_sold_out",
    "1d_short_zone_balanced",
    "1d_short_zone_bought_up",
    "1w_short_zone_sold_out",
    "1w_short_zone_balanced",
    "1w_short_zone_bought_up",
    "1d_rsi_month_raw",
    "1w_rsi_month_raw",
    "1d_slow_zone_weak",
    "1d_slow_zone_firm",
  ]);
});

describe("what lets the network see the future", () => {
  const timeframes = (section: string) => changed(RSI, "{mode: single, timeframe: 1d}", section);
  const ahead = (text: string) =>
    validateStrategy({ text, bars }).findings.filter(({ code }) => code === "looks_ahead");

  it("a slower timeframe, told by two bars, with the share of zeros in training", () => {
    const text = timeframes('{mode: multi_timeframe, list: ["1h", "1d"], base_timeframe: "1h"}');
    const [found] = ahead(text);
    expect(found).toMatchObject({ severity: "error", where: "training_data.timeframes" });
    expect(found?.why).toContain("a close that comes another 23 hours later");
    const zeros = validateStrategy({ text }).findings.find(({ code }) => code === "slow_bars_zero");
    expect(zeros?.what).toContain("96 %");
  });

  it.each([
    ["2h", "4h", "4h"],
    ["1M", "1d", "1M"],
    ["1d", "2h", "1d"],
  ])("%s beside %s: KTRDR takes the wrong one for the finest", (a, b, taken) => {
    const text = timeframes(`{mode: multi_timeframe, list: [${a}, ${b}]}`).replace('["1d"]', "all");
    const mistaken = validateStrategy({ text }).findings.find(({ code }) => code === "timeframe_mistaken");
    expect(mistaken).toMatchObject({ severity: "error", what: `KTRDR takes ${taken} for the finest of ${a}, ${b}.` });
  });

  it.each([
    ["5m", "1h", "opens 5 minutes later", "another 55 minutes later"],
    ["1h", "4h", "opens an hour later", "another 3 hours later"],
    ["1d", "1w", "opens 24 hours later", "another 6 days later"],
  ])("%s beside %s, in whatever order", (fine, slow, first, later) => {
    for (const list of [
      [fine, slow],
      [slow, fine],
    ]) {
      const text = timeframes(`{mode: multi_timeframe, list: ${JSON.stringify(list)}}`).replace('["1d"]', "all");
      expect(ahead(text)[0]?.why).toContain(first);
      expect(ahead(text)[0]?.why).toContain(later);
      expect(validateStrategy({ text }).summary?.timeframe).toBe(fine);
    }
  });

  it("not a slower timeframe that no input uses, nor a list of one", () => {
    const listed = timeframes('{mode: multi_timeframe, list: ["1d", "1w"]}').replace(
      "timeframes: all",
      'timeframes: ["1d"]',
    );
    expect(ahead(listed)).toEqual([]);
    const one = validateStrategy({ text: timeframes('{mode: single, list: ["1d"], base_timeframe: "1d"}'), bars });
    expect(one).toMatchObject({ valid: true, findings: [], summary: { timeframes: ["1d"], timeframe: "1d" } });
  });

  it.each(["zigzag, threshold: 0.05", "ZigZagIndicator, threshold: 0.02"])("an input that repaints: %s", (type) => {
    const raw = changed(
      RSI,
      "nn_inputs:",
      "nn_inputs:\n  - {raw_indicator: rsi_month, timeframes: all, normalization: zscore}",
    );
    expect(ahead(changed(raw, "{type: rsi, period: 21}", `{type: ${type}}`))).toMatchObject([
      { where: "indicators.rsi_month" },
    ]);
    const unused = changed(RSI, "indicators:", `indicators:\n  turns: {type: ${type}}`);
    expect(ahead(unused)).toEqual([]);
  });
});

describe("data from elsewhere", () => {
  const context = (entry: string, source: string) =>
    changed(
      changed(RSI, "{type: rsi, period: 21}", `{type: rsi, period: 21, data_source: ${source}}`),
      "indicators:",
      `context_data:\n  - ${entry}\nindicators:`,
    );

  it.each([
    ["{provider: fred, series: DGS2}", "fred_DGS2", ["error looks_ahead", "warning context_needs"]],
    ["{provider: fred, series: [A, B]}", "yield_spread_A_B", ["error looks_ahead", "warning context_needs"]],
    ["{provider: cftc_cot, report: EUR}", "cot_EUR_net_pct", ["error looks_ahead", "warning context_needs"]],
    ["{provider: ib, symbol: NDX, timeframe: 1d}", "NDX", ["warning context_needs"]],
    ["{provider: ib, symbol: NDX, timeframe: 1w}", "NDX", ["error looks_ahead", "warning context_needs"]],
    ["{provider: fred, series: DGS2}", "fred_DGS10", ["error unknown_reference", "warning context_needs"]],
    ["{provider: yahoo, symbol: NDX}", "NDX", ["error context_provider"]],
    ["{symbol: NDX}", "NDX", ["error missing", "error unknown_reference"]],
  ])("%s read as %s", (entry, source, expected) => {
    expect(codes({ text: context(entry, source) }).toSorted()).toEqual(expected);
  });

  it("names the key and the network", () => {
    const { findings } = validateStrategy({ text: context("{provider: fred, series: DGS2}", "fred_DGS2") });
    expect(findings.map(({ what }) => what).join()).toMatch(/KTRDR_FRED_API_KEY.*stlouisfed/);
  });
});

it("only a missing last class fails: the training part decides", () => {
  // SELL occurs among all bars, but not among the first seven tenths.
  const rising = Array.from({ length: 400 }, (_, at) => ({ ...bars[0]!, close: at < 300 ? 100 + at : 700 - at }));
  const zigzag = changed(RSI, /labels: \{.*\}/, "labels: {source: zigzag, zigzag_threshold: 0.02}");
  expect(codes({ text: zigzag, bars: rising })).toContain("error label_classes");
  const falling = rising.map((bar, at) => ({
    ...bar,
    close: at < 100 ? 500 - at : at < 300 ? 100 + at : 90 - at / 10,
  }));
  expect(codes({ text: zigzag, bars: falling })).not.toContain("error label_classes");
});
