import { bool, bounded, float, int, oneOf, period, price, relative, source, inGroup } from "./definition.ts";

/** Direction and strength of trends (docs/ktrdr.md §4.4). */
export const TREND = inGroup("trend", [
  {
    type: "adx",
    meaning: "Strength of a trend whatever its direction (adx); upward and downward push (plus_di, minus_di).",
    parameters: [period(14, 2, 200)],
    outputs: ["adx", "plus_di", "minus_di"],
    scales: { "": bounded(0, 100, [5, 60]) },
    lag: ["period", "period"],
  },
  {
    type: "aroon",
    meaning: "How recent the last high (up) and low (down) of the period are; 100 = this bar.",
    parameters: [period(14, 1, 200), bool("include_oscillator", false)],
    outputs: ["up", "down", "oscillator"],
    scales: { "": bounded(0, 100), oscillator: bounded(-100, 100) },
    optionalOutputs: { oscillator: "include_oscillator" },
  },
  {
    type: "simplemovingaverage",
    aliases: ["sma"],
    meaning: "Plain average of the last prices.",
    parameters: [period(20, 2, 500), source],
    scales: { "": price },
  },
  {
    type: "exponentialmovingaverage",
    aliases: ["ema"],
    meaning: "Average that weighs recent prices more.",
    parameters: [period(20, 1, 500), source, bool("adjust", true)],
    scales: { "": price },
  },
  {
    type: "weightedmovingaverage",
    aliases: ["wma"],
    meaning: "Average with weights falling in a straight line into the past.",
    parameters: [period(20, 2, 500), source],
    scales: { "": price },
  },
  {
    type: "distancefromma",
    meaning: "Distance of the price from its moving average, in percent: a moving average that fuzzy sets can use.",
    parameters: [period(20, 1, 200), oneOf("ma_type", ["SMA", "EMA"]), source],
    scales: { "": relative },
  },
  {
    type: "ichimoku",
    meaning: "Midpoints of three ranges and the cloud between two of them, shifted in time.",
    parameters: [
      int("tenkan_period", 9, 1, 50),
      int("kijun_period", 26, 1, 100),
      int("senkou_b_period", 52, 1, 200),
      int("displacement", 26, 1, 100),
    ],
    outputs: ["tenkan", "kijun", "senkou_a", "senkou_b", "chikou"],
    scales: { "": price },
    lag: ["senkou_b_period", "displacement"],
  },
  {
    type: "parabolicsar",
    meaning: "Trailing stop that speeds up while the trend lasts; below the price in an up-trend.",
    parameters: [
      float("initial_af", 0.02, { min: 0.001, max: 0.1 }),
      float("step_af", 0.02, { above: 0 }),
      float("max_af", 0.2, { min: 0.01, max: 1 }),
    ],
    scales: { "": price },
    lag: [],
  },
  {
    type: "supertrend",
    meaning: "Volatility-wide trailing line (trend) and the side the price is on (direction: 1 up, -1 down).",
    parameters: [period(10, 2, 200), float("multiplier", 3, { above: 0 })],
    outputs: ["trend", "direction"],
    scales: { trend: price, direction: bounded(-1, 1) },
  },
  {
    type: "zigzag",
    group: "levels",
    meaning:
      "Price at the turning points that exceed a threshold, nothing between. It repaints: never an input of the network.",
    parameters: [float("threshold", 0.05, { above: 0, below: 1 }), source],
    scales: { "": price },
    repaints: true,
    lag: [],
  },
]);
