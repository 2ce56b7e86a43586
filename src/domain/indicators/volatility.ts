import { bool, float, int, period, price, priceDifference, relative, source, inGroup } from "./definition.ts";

const bandParameters = [period(20, 2, 200), float("multiplier", 2, { above: 0, max: 10 }), source];

/** Width and borders of price movement (docs/ktrdr.md §4.4). */
export const VOLATILITY = inGroup("volatility", [
  {
    type: "atr",
    meaning: "Average true range of a bar, in price units.",
    parameters: [period(14, 1, 100)],
    scales: { "": priceDifference },
  },
  {
    type: "bollingerbands",
    aliases: ["bbands", "BollingerBandsIndicator"],
    meaning: "Average with a band of some standard deviations on each side.",
    parameters: bandParameters,
    outputs: ["upper", "middle", "lower"],
    scales: { "": price },
  },
  {
    type: "bollingerbandwidth",
    meaning: "Width of the Bollinger bands relative to their middle; small = quiet market.",
    parameters: bandParameters,
    scales: { "": relative },
  },
  {
    type: "keltnerchannels",
    meaning: "Average with a band of some average true ranges on each side.",
    parameters: [period(20, 2, 500), int("atr_period", 10, 2, 200), float("multiplier", 2, { above: 0 })],
    outputs: ["upper", "middle", "lower"],
    scales: { "": price },
  },
  {
    type: "donchianchannels",
    group: "levels",
    meaning: "Highest high, lowest low and their middle over the period.",
    parameters: [period(20, 2, 500), bool("include_middle", true)],
    outputs: ["upper", "middle", "lower"],
    scales: { "": price },
    optionalOutputs: { middle: "include_middle" },
  },
]);
