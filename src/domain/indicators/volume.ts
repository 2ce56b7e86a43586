import { bool, bounded, cumulative, int, period, price, relative, inGroup } from "./definition.ts";

/** Traded volume behind the moves (docs/ktrdr.md §4.4). */
export const VOLUME = inGroup("volume", [
  {
    type: "adline",
    meaning: "Running total of volume weighted by where each bar closed in its range, and derived readings.",
    parameters: [bool("use_sma_smoothing", false), int("smoothing_period", 21, 2, 200)],
    outputs: ["line", "mf_multiplier", "mf_volume", "roc_10", "momentum_21", "relative_strength"],
    scales: { "": cumulative, mf_multiplier: bounded(-1, 1), roc_10: relative, relative_strength: relative },
    lag: ["smoothing_period"],
  },
  {
    type: "cmf",
    meaning: "Chaikin money flow: volume-weighted pressure of closes towards highs (+) or lows (-).",
    parameters: [period(21, 2, 500)],
    outputs: ["cmf", "mf_multiplier", "mf_volume", "momentum", "signal", "histogram", "above_zero", "below_zero"],
    scales: {
      "": relative,
      cmf: bounded(-1, 1, [-0.5, 0.5]),
      mf_multiplier: bounded(-1, 1),
      mf_volume: cumulative,
      above_zero: bounded(0, 1),
      below_zero: bounded(0, 1),
    },
  },
  {
    type: "mfi",
    meaning: "An RSI that weighs each move with its volume.",
    parameters: [period(14, 1, 100)],
    scales: { "": bounded(0, 100) },
  },
  {
    type: "obv",
    meaning: "Running total of volume, added on up bars and subtracted on down bars.",
    parameters: [],
    scales: { "": cumulative },
    lag: [],
  },
  {
    type: "volumeratio",
    meaning: "Volume of the bar relative to its average; 1 = usual.",
    parameters: [period(20, 2, 100)],
    scales: { "": relative },
  },
  {
    type: "vwap",
    meaning: "Average price weighted by volume (period 0 = since the first bar).",
    parameters: [period(20, 0, 200), bool("use_typical_price", true)],
    scales: { "": price },
  },
]);
