import { bounded, float, int, period, priceDifference, relative, source, inGroup } from "./definition.ts";

/** Speed and exhaustion of moves (docs/ktrdr.md §4.4). */
export const MOMENTUM = inGroup("momentum", [
  {
    type: "rsi",
    meaning: "Share of gains among the moves of the last bars; low = sold out, high = bought up.",
    parameters: [period(14, 2, 100), source],
    scales: { "": bounded(0, 100) },
  },
  {
    type: "stochastic",
    meaning: "Where the close lies inside the recent high-low range (k) and its average (d).",
    parameters: [int("k_period", 14, 1, 100), int("d_period", 3, 1, 20), int("smooth_k", 3, 1, 20)],
    outputs: ["k", "d"],
    scales: { "": bounded(0, 100) },
    lag: ["k_period", "d_period", "smooth_k"],
  },
  {
    type: "williamsr",
    meaning: "Distance of the close from the recent high; -100 = at the low, 0 = at the high.",
    parameters: [period(14, 1, 100)],
    scales: { "": bounded(-100, 0) },
  },
  {
    type: "macd",
    meaning: "Gap between a fast and a slow average (line), its average (signal) and their difference (histogram).",
    parameters: [
      int("fast_period", 12, 1, 100),
      int("slow_period", 26, 1, 200),
      int("signal_period", 9, 1, 50),
      source,
    ],
    outputs: ["line", "signal", "histogram"],
    scales: { "": priceDifference },
    lag: ["slow_period", "signal_period"],
  },
  {
    type: "cci",
    meaning: "Deviation of the typical price from its average in mean deviations; mostly -200..200.",
    parameters: [period(20, 2, 100)],
    scales: { "": relative },
  },
  {
    type: "roc",
    meaning: "Change of price over the period, in percent.",
    parameters: [period(10, 1, 100), source],
    scales: { "": relative },
  },
  {
    type: "momentum",
    meaning: "Change of price over the period, in price units.",
    parameters: [period(10, 1, 100), source],
    scales: { "": priceDifference },
  },
  {
    type: "fishertransform",
    meaning:
      "Position in the recent range stretched so that extremes stand out (fisher) and its delayed copy (signal).",
    parameters: [period(10, 2, 100), int("smoothing", 3, 1, 20)],
    outputs: ["fisher", "signal"],
    scales: { "": relative },
    lag: ["period", "smoothing"],
  },
  {
    type: "rvi",
    meaning: "Vigour: how far bars close above their open relative to their range (rvi) and its average (signal).",
    parameters: [period(10, 4, 100), int("signal_period", 4, 1, 50)],
    outputs: ["rvi", "signal"],
    scales: { "": relative },
    lag: ["period", "signal_period"],
  },
  {
    type: "squeezeintensity",
    group: "volatility",
    meaning: "How far the Bollinger bands lie inside the Keltner channel; high = quiet before a move.",
    parameters: [
      int("bb_period", 20, 2, 500),
      float("bb_multiplier", 2, { above: 0 }),
      int("kc_period", 20, 2, 500),
      float("kc_multiplier", 2, { above: 0 }),
      source,
    ],
    scales: { "": relative },
    lag: ["bb_period"],
  },
]);
