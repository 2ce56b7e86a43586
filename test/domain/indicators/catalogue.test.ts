import { describe, expect, it } from "vitest";
import {
  describeParameter,
  findIndicator,
  INDICATORS,
  parameterProblem,
  scaleOf,
  suggestIndicator,
  warmUpBars,
} from "../../../src/domain/indicators/catalogue.ts";
import type { IndicatorDefinition } from "../../../src/domain/indicators/definition.ts";
import { editDistance, nearest } from "../../../src/domain/indicators/nearest.ts";

const known = (name: string): IndicatorDefinition => {
  const definition = findIndicator(name);
  if (definition === null) throw new Error(`${name} is not in the catalogue`);
  return definition;
};

/** `available_indicators` of the real backend's validate answer (recording 03). */
const REGISTERED =
  "adline adx aroon atr bollingerbands bollingerbandwidth cci cmf distancefromma donchianchannels exponentialmovingaverage fishertransform ichimoku keltnerchannels macd mfi momentum obv parabolicsar roc rsi rvi simplemovingaverage squeezeintensity stochastic supertrend volumeratio vwap weightedmovingaverage williamsr zigzag";

describe("the catalogue", () => {
  it("has exactly the types KTRDR has registered", () => {
    expect(INDICATORS.map((definition) => definition.type)).toEqual(REGISTERED.split(" "));
  });

  it.each(INDICATORS)("$type is consistent", (definition) => {
    for (const parameter of definition.parameters) expect(parameterProblem(parameter, parameter.default)).toBeNull();
    const names = definition.parameters.map((parameter) => parameter.name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of definition.lag) expect(names).toContain(name);
    for (const output of Object.keys(definition.scales))
      if (output !== "") expect(definition.outputs).toContain(output);
    for (const [output, flag] of Object.entries(definition.optionalOutputs ?? {})) {
      expect(definition.outputs).toContain(output);
      expect(names).toContain(flag);
    }
    for (const output of [null, ...definition.outputs]) expect(scaleOf(definition, output).unit).toBeDefined();
  });
});

it.each([
  ["RSI", "rsi"],
  ["RSIIndicator", "rsi"],
  ["bbands", "bollingerbands"],
  ["SMA", "simplemovingaverage"],
  ["SimpleMovingAverage", "simplemovingaverage"],
])("%s resolves to %s, as in KTRDR", (name, type) => expect(findIndicator(name)?.type).toBe(type));

it.each(["stoch", "psar", "donchian", "keltner", "bollinger", "williams_r", "constructor"])(
  "%s does not resolve",
  (name) => expect(findIndicator(name)).toBeNull(),
);

it.each([
  ["stoch", "stochastic"],
  ["psar", "parabolicsar"],
  ["donchian", "donchianchannels"],
  ["bollinger", "bollingerbands"],
  ["rsx", "rsi"],
  ["macdd", "macd"],
  ["boolingerbands", "bollingerbands"],
  ["neuralnetwork", null],
  ["constructor", null],
])("%s suggests %s", (name, type) => expect(suggestIndicator(name)).toBe(type));

describe("parameters", () => {
  const [period, source] = known("rsi").parameters;
  it.each([2, 14, 100])("takes period %d", (value) => expect(parameterProblem(period!, value)).toBeNull());
  it.each([1, 101, 14.5, "14", true, null, Number.NaN, Number.POSITIVE_INFINITY])("refuses period %s", (value) =>
    expect(parameterProblem(period!, value)).not.toBeNull(),
  );
  it("knows price columns", () => {
    expect(parameterProblem(source!, "high")).toBeNull();
    expect(parameterProblem(source!, "clos")).not.toBeNull();
  });
  it("honours open limits", () => {
    const multiplier = known("bbands").parameters.find(({ name }) => name === "multiplier")!;
    expect([0, 0.1, 10, 10.1].map((value) => parameterProblem(multiplier, value) === null)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(describeParameter(multiplier)).toBe("number above 0 up to 10");
  });
  it("sums the warm-up from what is set and the defaults", () => {
    expect(warmUpBars(known("macd"), { slow_period: 50 })).toBe(59);
    expect(warmUpBars(known("adx"), {})).toBe(28);
    expect(warmUpBars(known("obv"), {})).toBe(0);
  });
});

describe("nearest", () => {
  it.each([
    ["hist", ["line", "signal", "histogram"], "histogram"],
    ["fast", ["fast_period", "slow_period"], "fast_period"],
    ["perod", ["period", "source"], "period"],
    ["lookback", ["period", "source"], null],
    ["x", ["y"], null],
    ["abc", [], null],
  ])("%s among %j is %s", (word, candidates, expected) => expect(nearest(word, candidates)).toBe(expected));
  it("measures edits", () => expect(editDistance("kitten", "Sitting")).toBe(3));
});
