import { z } from "zod";
import { TIMEFRAMES } from "../market-data.ts";

/**
 * The v3 strategy grammar (docs/ktrdr.md §4.3), section by section. Unknown keys pass: KTRDR ignores them, and the
 * rules report them. Each schema's message says what would be right, and becomes the `fix` of a finding.
 */

const whole = (min: number, max: number, example: number) => {
  const fix = `a whole number ${min}..${max}, e.g. ${example}`;
  return z.int(fix).min(min, fix).max(max, fix);
};
const ratio = (example: number) => {
  const fix = `a number 0..1, e.g. ${example}`;
  return z.number(fix).min(0, fix).max(1, fix);
};
const positive = (max: number, example: number) => {
  const fix = `a number above 0 up to ${max}, e.g. ${example}`;
  return z.number(fix).positive(fix).max(max, fix);
};
const choice = <const T extends readonly string[]>(values: T) => z.enum(values, `one of ${values.join(", ")}`);
const words = (fix: string) => z.array(z.string(fix), fix).min(1, fix);

export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;
const NAME_FIX =
  "1..100 letters, digits, _ or -, starting with a letter or digit; equal to the file name without .yaml";

export const NameSchema = z.string(NAME_FIX).regex(NAME_PATTERN, NAME_FIX);

const timeframe = choice(TIMEFRAMES);

export const TrainingDataSchema = z.looseObject(
  {
    symbols: z.looseObject(
      {
        mode: choice(["single", "multi_symbol"]).describe("single (symbol) or multi_symbol (list)"),
        symbol: z.string("a symbol, e.g. SPX").optional(),
        list: words("a list of symbols, e.g. [EURUSD, GBPUSD]").optional(),
      },
      "a mapping, e.g. {mode: single, symbol: SPX}",
    ),
    timeframes: z.looseObject(
      {
        mode: choice(["single", "multi_timeframe"]).describe("single (timeframe) or multi_timeframe (list)"),
        timeframe: timeframe.optional(),
        list: z.array(timeframe, "a list of timeframes, e.g. [1h, 4h]").optional(),
        base_timeframe: timeframe.optional(),
      },
      "a mapping, e.g. {mode: single, timeframe: 1d}",
    ),
    history_required: whole(50, 1_000_000, 200).default(200).describe("bars needed before the first decision"),
  },
  "a mapping with symbols and timeframes",
);

export const ContextSourceSchema = z.looseObject(
  {
    provider: z.string("fred, ib or cftc_cot"),
    symbol: z.string("a symbol").optional(),
    timeframe: timeframe.optional(),
    series: z.union([z.string(), words("a series or a list of them")], "a series or a list of them").optional(),
    report: z.string("a currency code, e.g. EUR").optional(),
  },
  "a mapping, e.g. {provider: fred, series: DGS2}",
);

export const IndicatorSchema = z.looseObject(
  { type: z.string("an indicator type, e.g. rsi") },
  "a mapping with a type and its parameters, e.g. {type: rsi, period: 14}",
);

export const FuzzySetSchema = z.looseObject(
  { indicator: z.string("the id of an indicator, with .output when it has several, e.g. trend.adx") },
  "a mapping: indicator plus one entry per membership, e.g. {indicator: osc, low: [0, 20, 40]}",
);

export const MEMBERSHIP_TYPES = ["triangular", "trapezoidal", "gaussian"] as const;

const FEATURE_TIMEFRAMES = 'all, or a list such as ["1d"]';

export const NnInputSchema = z.looseObject(
  {
    fuzzy_set: z.string("the id of a fuzzy set").optional(),
    raw_indicator: z.string("the id of an indicator, with .output when it has several").optional(),
    timeframes: z.union([z.literal("all"), words(FEATURE_TIMEFRAMES)], FEATURE_TIMEFRAMES),
    normalization: choice(["minmax", "zscore", "none"]).optional(),
  },
  "a mapping, e.g. {fuzzy_set: osc_zone, timeframes: all}",
);

export const ModelSchema = z.looseObject(
  {
    type: choice(["mlp", "lstm", "gru"]),
    architecture: z.looseObject({}, "a mapping, e.g. {hidden_layers: [16, 8], dropout: 0.1, activation: relu}"),
  },
  "a mapping with type and architecture",
);

const LAYERS = "a list of 1..8 layer sizes, each a whole number 1..4096, e.g. [16, 8]";
const sharedArchitecture = {
  dropout: z.number("a number 0..0.95, e.g. 0.1").min(0, "a number 0..0.95").max(0.95, "a number 0..0.95").default(0.2),
  num_classes: whole(2, 4, 3).optional(),
};

export const MlpSchema = z.looseObject({
  hidden_layers: z.array(z.int(LAYERS).min(1, LAYERS).max(4_096, LAYERS), LAYERS).min(1, LAYERS).max(8, LAYERS),
  activation: choice(["relu", "tanh", "sigmoid", "leaky_relu"]).default("relu"),
  ...sharedArchitecture,
});

export const RecurrentSchema = z.looseObject({
  sequence_length: whole(1, 10_000, 20),
  hidden_size: whole(1, 4_096, 64).default(64),
  num_layers: whole(1, 8, 2).default(2),
  ...sharedArchitecture,
});

export const DecisionsSchema = z.looseObject(
  {
    output_format: choice(["classification", "regression"]),
    confidence_threshold: ratio(0.5).default(0.5).describe("a decision below this class probability is no trade"),
    filters: z
      .looseObject(
        {
          min_signal_separation: z
            .number("hours between signals, 0 or more, e.g. 24")
            .min(0, "hours between signals, 0 or more, e.g. 24")
            .default(4),
        },
        "a mapping, e.g. {min_signal_separation: 24}",
      )
      .optional(),
    position_awareness: z.boolean("true or false").default(true),
    allow_short_from_flat: z.boolean("true or false").default(false),
    cost_model: z
      .looseObject(
        { round_trip_cost: positive(1, 0.003), min_edge_multiplier: positive(100, 1.5) },
        "a mapping, e.g. {round_trip_cost: 0.003, min_edge_multiplier: 1.5}",
      )
      .optional(),
  },
  "a mapping, e.g. {output_format: classification, confidence_threshold: 0.5}",
);

export const LOSSES = { classification: ["cross_entropy", "focal"], regression: ["huber", "mse"] } as const;

export const TrainingSchema = z.looseObject(
  {
    epochs: whole(1, 100_000, 40).default(100),
    learning_rate: positive(1, 0.001).default(0.001),
    batch_size: whole(1, 65_536, 32).default(32),
    loss: choice(["cross_entropy", "focal", "huber", "mse"]).optional(),
    focal_gamma: positive(20, 2).optional(),
    huber_delta: positive(1_000, 0.01).optional(),
    labels: z.looseObject({}, "a mapping, e.g. {source: zigzag, zigzag_threshold: 0.02}").optional(),
    data_split: z
      .looseObject(
        { train: ratio(0.7).default(0.7), validation: ratio(0.15).default(0.15), test: ratio(0.15).optional() },
        "a mapping, e.g. {train: 0.7, validation: 0.15, test: 0.15}",
      )
      .optional(),
  },
  "a mapping, e.g. {epochs: 40, labels: {source: zigzag, zigzag_threshold: 0.02}}",
);

/** Parameters of each label source; KTRDR's defaults. */
export const LABEL_SCHEMAS = {
  zigzag: z.looseObject({
    zigzag_threshold: positive(0.999, 0.02).default(0.02).describe("ratio: 0.02 = swings of 2 %"),
    label_lookahead: whole(1, 10_000, 10).default(10).describe("no influence seen on the labels"),
  }),
  triple_barrier: z.looseObject({
    pt_multiplier: positive(100, 2).default(2).describe("profit barrier in volatilities"),
    sl_multiplier: positive(100, 1.5).default(1.5).describe("loss barrier in volatilities"),
    max_holding_period: whole(1, 10_000, 50).default(50).describe("bars"),
    vol_span: whole(2, 10_000, 50).default(50).describe("bars of the volatility average"),
    vol_method: choice(["atr", "close"]).default("atr"),
    compute_weights: z.boolean("true or false").default(false),
    cusum_threshold: positive(1_000, 0.01).optional(),
    cusum_multiplier: positive(1_000, 0.5).default(0.5),
  }),
  regime: z.looseObject({
    horizon: whole(2, 10_000, 24).default(24),
    trending_threshold: ratio(0.5).default(0.5),
    vol_crisis_threshold: positive(1_000, 2).default(2),
    vol_lookback: whole(2, 100_000, 120).default(120),
  }),
  context: z.looseObject({
    horizon: whole(1, 10_000, 5).default(5),
    bullish_threshold: z.number("a ratio, e.g. 0.005").default(0.005),
    bearish_threshold: z.number("a ratio, e.g. -0.005").default(-0.005),
  }),
  forward_return: z.looseObject({ horizon: whole(1, 10_000, 20).default(20) }),
} as const;

/** Sections in the order they are usually written; `required` ones must exist. */
export const SECTIONS = {
  name: "required",
  description: "optional",
  version: "optional",
  training_data: "required",
  context_data: "optional",
  deployment: "optional",
  indicators: "required",
  fuzzy_sets: "required",
  nn_inputs: "required",
  model: "required",
  decisions: "required",
  training: "required",
} as const satisfies Record<string, "required" | "optional">;
