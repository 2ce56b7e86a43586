import { describe, expect, test } from "vitest";
import { changesOf } from "../../../src/domain/campaign/changes.ts";
import type { Dimension, Point } from "../../../src/domain/campaign/dimension.ts";
import { checkSpace } from "../../../src/domain/campaign/check-space.ts";
import { seededRandom } from "../../../src/domain/campaign/seeded-random.ts";
import { nameOf, pointAt } from "../../../src/domain/campaign/space.ts";
import { differences } from "../../../src/domain/strategy/difference.ts";
import { EXAMPLE_STRATEGY } from "../../../src/domain/strategy/guide-example.ts";
import { mutated } from "../../../src/domain/strategy/mutate.ts";
import { parseStrategy } from "../../../src/domain/strategy/parse.ts";
import { validateStrategy } from "../../../src/domain/strategy/validate.ts";
import { EVERYTHING } from "./dimensions.ts";

const strategyAt = (dimensions: readonly Dimension[], point: Point) =>
  mutated(EXAMPLE_STRATEGY, changesOf(dimensions, point, EXAMPLE_STRATEGY), null);
const valueOf = (text: string): unknown => {
  const parsed = parseStrategy(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  return parsed.text.value;
};
const diffAt = (dimensions: readonly Dimension[], point: Point) =>
  differences(valueOf(EXAMPLE_STRATEGY), valueOf(strategyAt(dimensions, point))).map(
    ({ path, after }) => `${path} > ${after}`,
  );

test("a point sets what it names and nothing else", () => {
  checkSpace(EVERYTHING, EXAMPLE_STRATEGY);
  const point = pointAt(
    EVERYTHING,
    EVERYTHING.map(() => 0.99),
    {},
  );
  expect(diffAt(EVERYTHING, point)).toEqual([
    "decisions.confidence_threshold > 0.5975",
    "fuzzy_sets.dip_depth.deep.parameters > [3.9,4.9,24.9,44.9]",
    "fuzzy_sets.dip_depth.stretched.parameters > [64.9,84.9,104.9,105.9]",
    expect.stringMatching(/^fuzzy_sets\.dip_depth\.usual > \[15\.\d+,54\.9,94\.\d+\]$/),
    "fuzzy_sets.trend_side.around > null",
    "fuzzy_sets.trend_side.around.parameters > [0,2]",
    'fuzzy_sets.trend_side.around.type > "gaussian"',
    "indicators.dip.period > 14",
    "indicators.trend.ma_type > null",
    "model.architecture.hidden_layers > [8,4]",
    "training.labels.zigzag_threshold > 0.05",
    "training.learning_rate > 0.00954993",
  ]);
});

describe("a move", () => {
  const moves = (op: "shift_membership" | "widen_membership", target: string, value: number): string[] => {
    const dimension: Dimension = { op, target, choice: [value] };
    return diffAt([dimension], { [nameOf(dimension)]: value });
  };

  test("of a member leaves the others where they are", () => {
    expect(moves("shift_membership", "dip_depth.usual", 0.1)).toEqual([
      "fuzzy_sets.dip_depth.usual > [30.1,50.1,70.1]",
    ]);
    expect(moves("shift_membership", "trend_force.strong", -5)).toEqual([
      "fuzzy_sets.trend_force.strong.parameters > [40,13]",
    ]);
  });

  test("widens a triangle from its peak, a trapezoid from the middle of its top, a gaussian by its sigma", () => {
    expect(moves("widen_membership", "dip_depth.usual", 0.5)).toEqual(["fuzzy_sets.dip_depth.usual > [40,50,60]"]);
    expect(moves("widen_membership", "trend_force", 2)).toEqual([
      "fuzzy_sets.trend_force.quiet.parameters > [-9.5,-7.5,22.5,42.5]",
      "fuzzy_sets.trend_force.strong.parameters > [45,26]",
    ]);
  });

  test("of a set and of its member add up, whichever comes first", () => {
    const both: Dimension[] = [
      { op: "shift_membership", target: "dip_depth", int: [-9, 9] },
      { op: "widen_membership", target: "dip_depth.usual", choice: [0.5, 2] },
      { op: "shift_membership", target: "dip_depth.usual", int: [-9, 9] },
    ];
    const point = { "dip_depth shift": 3, "dip_depth.usual widen": 2, "dip_depth.usual shift": 4 };
    checkSpace(both, EXAMPLE_STRATEGY);
    expect(diffAt(both, point)).toContain("fuzzy_sets.dip_depth.usual > [17,57,97]");
    expect(diffAt(both.toReversed(), point)).toEqual(diffAt(both, point));
  });

  test("by nothing changes nothing", () => {
    for (const set of ["dip_depth", "trend_side", "trend_force"]) {
      expect(moves("shift_membership", set, 0)).toEqual([]);
      expect(moves("widen_membership", set, 1)).toEqual([]);
    }
  });
});

test("whatever is moved and set, the example stays valid", () => {
  const dimensions: Dimension[] = [
    ...EVERYTHING,
    { op: "shift_membership", target: "trend_side.under", float: [-1e3, 1e3] },
    { op: "widen_membership", target: "trend_side.over", log: [0.01, 100] },
    { op: "shift_membership", target: "trend_force", float: [-1e6, 1e6] },
    { op: "widen_membership", target: "trend_force", log: [0.01, 100] },
  ];
  const random = seededRandom(17);
  for (let turn = 0; turn < 150; turn += 1) {
    const point = pointAt(
      dimensions,
      dimensions.map(() => random()),
      {},
    );
    const { valid, findings } = validateStrategy({ text: strategyAt(dimensions, point) });
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(valid).toBe(true);
  }
});

test("a base that is no YAML is refused", () => {
  expect(() => changesOf(EVERYTHING, {}, "- a list")).toThrow("The base strategy cannot be read.");
});
