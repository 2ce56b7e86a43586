import type { IndicatorDefinition, IndicatorParameter, OutputScale, ParameterValue } from "./definition.ts";
import { MOMENTUM } from "./momentum.ts";
import { nearest } from "./nearest.ts";
import { TREND } from "./trend.ts";
import { VOLATILITY } from "./volatility.ts";
import { VOLUME } from "./volume.ts";

/**
 * The 31 indicator types KTRDR can compute (docs/ktrdr.md §4.4, dumped from its registry). Its own listing is not
 * usable: it shows `period` and `source` for every type and no outputs (docs/ktrdr.md §2.4).
 */
export const INDICATORS: readonly IndicatorDefinition[] = [...MOMENTUM, ...TREND, ...VOLATILITY, ...VOLUME].toSorted(
  (a, b) => a.type.localeCompare(b.type),
);

const BY_NAME = new Map<string, IndicatorDefinition>(
  INDICATORS.flatMap((definition) =>
    [definition.type, ...definition.aliases].map((name) => [name.toLowerCase(), definition] as const),
  ),
);

/** Names from other libraries that KTRDR does not resolve, and what it calls the same thing. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  stoch: "stochastic",
  stochastics: "stochastic",
  stochrsi: "stochastic",
  bollinger: "bollingerbands",
  bollinger_bands: "bollingerbands",
  bb: "bollingerbands",
  bbwidth: "bollingerbandwidth",
  bandwidth: "bollingerbandwidth",
  donchian: "donchianchannels",
  keltner: "keltnerchannels",
  kc: "keltnerchannels",
  williams_r: "williamsr",
  "williams_%r": "williamsr",
  willr: "williamsr",
  psar: "parabolicsar",
  sar: "parabolicsar",
  parabolic_sar: "parabolicsar",
  averagedirectionalindex: "adx",
  dmi: "adx",
  averagetruerange: "atr",
  relativestrengthindex: "rsi",
  chaikinmoneyflow: "cmf",
  accumulationdistribution: "adline",
  ad: "adline",
  fisher: "fishertransform",
  moving_average: "simplemovingaverage",
  ma: "simplemovingaverage",
  squeeze: "squeezeintensity",
  ppo: "macd",
  volume_ratio: "volumeratio",
  volume: "volumeratio",
  super_trend: "supertrend",
};

/** The definition of a type name as KTRDR resolves it (canonical name or alias, any case), or null. */
export function findIndicator(name: string): IndicatorDefinition | null {
  return BY_NAME.get(name.toLowerCase()) ?? null;
}

/** The canonical type somebody most probably meant by an unknown name, or null. */
export function suggestIndicator(name: string): string | null {
  const key = name.toLowerCase();
  const foreign = Object.hasOwn(ELSEWHERE, key) ? ELSEWHERE[key] : undefined;
  if (foreign !== undefined) return foreign;
  const close = nearest(name, [...BY_NAME.keys()]);
  return close === null ? null : (BY_NAME.get(close)?.type ?? null);
}

/** Scale of one output (`null` = the primary one). */
export function scaleOf(definition: IndicatorDefinition, output: string | null): OutputScale {
  const name = output ?? definition.outputs[0] ?? "";
  return definition.scales[name] ?? definition.scales[""] ?? { unit: "relative" };
}

/** Bars before the first trustworthy value, given the parameters that were set (defaults for the others). */
export function warmUpBars(definition: IndicatorDefinition, given: Readonly<Record<string, unknown>>): number {
  return definition.lag.reduce((bars, name) => {
    const value = Object.hasOwn(given, name) ? given[name] : defaultOf(definition, name);
    return bars + (typeof value === "number" && Number.isFinite(value) ? Math.max(0, Math.round(value)) : 0);
  }, 0);
}

function defaultOf(definition: IndicatorDefinition, name: string): ParameterValue | undefined {
  return definition.parameters.find((parameter) => parameter.name === name)?.default;
}

/** Bounds in words: `whole number 2..100`, `number above 0 up to 10`, `SMA or EMA`. */
export function describeParameter(parameter: IndicatorParameter): string {
  if (parameter.values !== undefined) return parameter.values.join(" or ");
  if (parameter.type === "bool") return "true or false";
  const kind = parameter.type === "int" ? "whole number" : "number";
  const { min, above, max, below } = parameter;
  if (min !== undefined && max !== undefined) return `${kind} ${min}..${max}`;
  const low = above === undefined ? "" : ` above ${above}`;
  const high = max === undefined ? (below === undefined ? "" : ` below ${below}`) : ` up to ${max}`;
  return `${kind}${low}${high}`;
}

/**
 * What is wrong with a parameter value, or null. KTRDR takes whole numbers strictly: "14" and 14.5 are refused
 * (docs/ktrdr.md §4.4), and so is 14.0, which only the text of the file can tell from 14.
 */
export function parameterProblem(parameter: IndicatorParameter, value: unknown): string | null {
  switch (parameter.type) {
    case "bool":
      return typeof value === "boolean" ? null : "it is not true or false";
    case "string":
      if (typeof value !== "string") return "it is not text";
      return parameter.values?.includes(value) === false ? "it is none of the known values" : null;
    case "int":
    case "float":
      return numberProblem(parameter, value);
  }
}

function numberProblem(parameter: IndicatorParameter, value: unknown): string | null {
  if (typeof value !== "number" || !Number.isFinite(value)) return "it is not a number";
  if (parameter.type === "int" && !Number.isInteger(value)) return "it is not a whole number";
  const { min, above, max, below } = parameter;
  const low = (min !== undefined && value < min) || (above !== undefined && value <= above);
  const high = (max !== undefined && value > max) || (below !== undefined && value >= below);
  return low ? "it is too small" : high ? "it is too large" : null;
}
