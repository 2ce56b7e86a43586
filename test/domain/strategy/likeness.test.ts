import { describe, expect, test } from "vitest";
import { EXAMPLE_NAME, EXAMPLE_STRATEGY } from "../../../src/domain/strategy/guide-example.ts";
import { distanceOf, structureOf } from "../../../src/domain/strategy/likeness.ts";

const apart = (text: string, other = EXAMPLE_STRATEGY): number => {
  const [a, b] = [structureOf(text), structureOf(other)];
  if (a === null || b === null) throw new Error("no strategy");
  return distanceOf(a, b);
};
const changed = (...pairs: readonly (readonly [string, string])[]): string =>
  pairs.reduce((text, [from, to]) => {
    expect(text).toContain(from);
    return text.replaceAll(from, to);
  }, EXAMPLE_STRATEGY);

describe("the distance of two strategies", () => {
  test.each([
    ["itself", EXAMPLE_STRATEGY],
    [
      "another name, description and comment",
      changed([EXAMPLE_NAME, "other"], ["short dips", "tiny dips"], ["# percent", "# Percent"]),
    ],
    ["another market", changed(["symbol: SPX", "symbol: TREND"])],
    [
      "other names of indicators, fuzzy sets and memberships",
      changed(["dip_depth", "depth"], ["dip:", "quick:"], ["indicator: dip", "indicator: quick"], ["deep:", "low:"]),
    ],
    ["a default written out", changed(["{type: rsi, period: 5}", "{type: rsi, period: 5, source: close}"])],
  ])("is 0 from %s", (_name, text) => {
    expect(apart(text)).toBe(0);
  });

  test("is 0 from the same type by its other name", () => {
    const long = changed(["{type: rsi, period: 5}", "{type: simplemovingaverage, period: 5}"]);
    expect(apart(long.replace("simplemovingaverage", "SMA"), long)).toBe(0);
  });

  test("counts the timeframes that an input is taken from", () => {
    const two = changed(["dip_depth, timeframes: all", 'dip_depth, timeframes: ["1d", "1h"]']);
    expect(apart(two)).toBeGreaterThan(0.1);
  });

  test("is small for one parameter, larger for more, and symmetric", () => {
    const one = changed(["period: 5", "period: 7"]);
    const more = changed(["period: 5", "period: 7"], ["[16, 8]", "[64]"], ["threshold: 0.03", "threshold: 0.01"]);
    expect(apart(one)).toBeGreaterThan(0);
    expect(apart(one)).toBeLessThan(0.02);
    expect(apart(more)).toBeGreaterThan(apart(one));
    expect(apart(one)).toBe(apart(EXAMPLE_STRATEGY, one));
  });

  test("is large for another indicator and for another input", () => {
    expect(apart(changed(["{type: rsi, period: 5}", "{type: cci, period: 5}"]))).toBeGreaterThan(0.15);
    expect(apart(changed(["  - {fuzzy_set: dip_depth, timeframes: all}\n", ""]))).toBeGreaterThan(0.15);
  });

  test.each(["", "no: strategy", "a: [", "indicators: 3\nnn_inputs: [4, {fuzzy_set: x}]\nfuzzy_sets: {x: 5}"])(
    "never throws on %j",
    (text) => {
      const structure = structureOf(text);
      if (structure !== null) expect(distanceOf(structure, structure)).toBe(0);
    },
  );
});
