import { describe, expect, test } from "vitest";
import { differences } from "../../../src/domain/strategy/difference.ts";
import { EXAMPLE_STRATEGY } from "../../../src/domain/strategy/guide-example.ts";
import { mutated, type StrategyChange } from "../../../src/domain/strategy/mutate.ts";
import { parseStrategy } from "../../../src/domain/strategy/parse.ts";
import { validateStrategy } from "../../../src/domain/strategy/validate.ts";

const valueOf = (text: string): unknown => {
  const parsed = parseStrategy(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  return parsed.text.value;
};
const diffOf = (...changes: StrategyChange[]) =>
  differences(valueOf(EXAMPLE_STRATEGY), valueOf(mutated(EXAMPLE_STRATEGY, changes, null))).map(
    ({ path, before, after }) => `${path}: ${before} > ${after}`,
  );

describe("a change of a strategy", () => {
  test.each<[string, StrategyChange, string[]]>([
    ["a parameter", { op: "set_parameter", target: "dip.period", value: 7 }, ["indicators.dip.period: 5 > 7"]],
    [
      "a membership",
      { op: "set_membership", target: "dip_depth.usual", value: [35, 50, 65] },
      ["fuzzy_sets.dip_depth.usual: [30,50,70] > [35,50,65]"],
    ],
    [
      "a membership's boundary",
      { op: "set_membership", target: "dip_depth.deep.parameters.3", value: 35 },
      ["fuzzy_sets.dip_depth.deep.parameters: [-1,0,20,40] > [-1,0,20,35]"],
    ],
    [
      "the architecture",
      { op: "set_architecture", value: { hidden_layers: [32], dropout: 0.2 } },
      ["model.architecture.dropout: 0.1 > 0.2", "model.architecture.hidden_layers: [16,8] > [32]"],
    ],
    [
      "a label setting",
      { op: "set_labels", value: { zigzag_threshold: 0.05 } },
      ["training.labels.zigzag_threshold: 0.03 > 0.05"],
    ],
    [
      "the labels' source, and what belongs to it",
      { op: "set_labels", value: { source: "forward_return", horizon: 5 } },
      [
        "training.labels.horizon: null > 5",
        "training.labels.label_lookahead: 20 > null",
        'training.labels.source: "zigzag" > "forward_return"',
        "training.labels.zigzag_threshold: 0.03 > null",
      ],
    ],
    ["the training", { op: "set_training", value: { epochs: 80 } }, ["training.epochs: 40 > 80"]],
    [
      "any path",
      { op: "set", target: "decisions.filters.min_signal_separation", value: 12 },
      ["decisions.filters.min_signal_separation: 24 > 12"],
    ],
    [
      "a path away",
      { op: "remove", target: "decisions.filters" },
      ["decisions.filters.min_signal_separation: 24 > null"],
    ],
    [
      "another indicator under the same id",
      { op: "replace_indicator", target: "dip", value: { type: "stochrsi", period: 5 } },
      ['indicators.dip.type: "rsi" > "stochrsi"'],
    ],
  ])("sets %s and nothing else", (_name, change, expected) => {
    expect(diffOf(change)).toEqual(expected);
  });

  test("takes an indicator out with its fuzzy sets and inputs, also by its output", () => {
    const gone = diffOf({ op: "remove_indicator", target: "force" });
    expect(gone).toEqual([
      expect.stringMatching(/^fuzzy_sets\.trend_force\.indicator/),
      expect.stringMatching(/^fuzzy_sets\.trend_force\.quiet/),
      expect.stringMatching(/^fuzzy_sets\.trend_force\.quiet/),
      expect.stringMatching(/^fuzzy_sets\.trend_force\.strong/),
      expect.stringMatching(/^fuzzy_sets\.trend_force\.strong/),
      expect.stringMatching(/^indicators\.force\.period/),
      expect.stringMatching(/^indicators\.force\.type/),
      expect.stringMatching(/^nn_inputs\.trend_force\.fuzzy_set/),
      expect.stringMatching(/^nn_inputs\.trend_force\.timeframes/),
    ]);
    expect(
      validateStrategy({ text: mutated(EXAMPLE_STRATEGY, [{ op: "remove_indicator", target: "force" }], null) }).valid,
    ).toBe(true);
  });

  test("puts an indicator in with fuzzy sets and inputs, and out again: nothing is left", () => {
    const add: StrategyChange = {
      op: "add_indicator",
      target: "range",
      value: { type: "atr", period: 14, fuzzy_sets: { calm: { low: [0, 0, 20], high: [10, 40, 80] } } },
    };
    expect(diffOf(add)).toEqual([
      "fuzzy_sets.calm.high: null > [10,40,80]",
      'fuzzy_sets.calm.indicator: null > "range"',
      "fuzzy_sets.calm.low: null > [0,0,20]",
      "indicators.range.period: null > 14",
      'indicators.range.type: null > "atr"',
      'nn_inputs.calm.fuzzy_set: null > "calm"',
      'nn_inputs.calm.timeframes: null > "all"',
    ]);
    expect(diffOf(add, { op: "remove_indicator", target: "range" })).toEqual([]);
  });

  test("leaves comments and everything else as it is written", () => {
    const text = mutated(EXAMPLE_STRATEGY, [{ op: "set_parameter", target: "dip.period", value: 7 }], "other");
    expect(text).toContain("# percent from the average");
    expect(text).toContain("{type: trapezoidal, parameters: [60, 80, 100, 101]}");
    expect(text).toMatch(/^name: other +# = file name/);
    expect(validateStrategy({ text, fileName: "other" }).valid).toBe(true);
  });

  test.each<[string, StrategyChange, RegExp]>([
    [
      "an id that is not there",
      { op: "set_parameter", target: "rsi.period", value: 1 },
      /no rsi among indicators; there is dip, trend, force/,
    ],
    ["no parameter", { op: "set_parameter", target: "dip", value: 1 }, /names what is set/],
    [
      "an indicator that is there",
      { op: "add_indicator", target: "dip", value: { type: "rsi" } },
      /an indicator dip already/,
    ],
    [
      "a fuzzy set that is there",
      { op: "add_indicator", target: "x", value: { type: "rsi", fuzzy_sets: { trend_side: {} } } },
      /fuzzy set trend_side already/,
    ],
    ["no value", { op: "set", target: "training.epochs" }, /value is missing/],
    ["no target", { op: "remove" }, /target is missing/],
    ["a value that is no mapping", { op: "set_training", value: 5 }, /value is a mapping/],
    ["a mistyped section", { op: "set", target: "trainig.epochs", value: 5 }, /no trainig; there is name,/],
    [
      "something to remove that is not there",
      { op: "remove", target: "training.optimizer" },
      /no training\.optimizer; there is epochs/,
    ],
    ["a path through a number", { op: "set", target: "training.epochs.x", value: 5 }, /no training\.epochs/],
    ["the name", { op: "set", target: "name", value: "x" }, /beside the changes/],
    ["an empty part", { op: "set", target: "training..epochs", value: 1 }, /dotted path/],
  ])("says why it cannot be made: %s", (_name, change, why) => {
    const made = () => mutated(EXAMPLE_STRATEGY, [{ op: "set_training", value: { epochs: 41 } }, change], null);
    expect(made).toThrow(/^Change 2 \(/);
    try {
      made();
    } catch (error) {
      expect(error).toMatchObject({ code: "invalid_input", why: expect.stringMatching(why) });
    }
  });

  test.each([["__proto__"], ["constructor"], ["toString"]])("%s is a name like any other, and harmless", (name) => {
    const value: unknown = JSON.parse(`{"type": "rsi", "${name}": {"polluted": true}}`);
    const text = mutated(EXAMPLE_STRATEGY, [{ op: "add_indicator", target: name, value }], null);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(validateStrategy({ text }).summary?.name).not.toBe("polluted");
  });
});

test("differences are told in order, with what is missing, without names", () => {
  const [a, b] = [
    { name: "a", x: { y: 1, z: [] }, nn_inputs: [{ fuzzy_set: "f" }, { fuzzy_set: "g" }] },
    { name: "b", x: { y: 2 }, nn_inputs: [{ fuzzy_set: "g" }] },
  ];
  expect(differences(a, b)).toEqual([
    { path: "nn_inputs.f.fuzzy_set", before: '"f"', after: null },
    { path: "x.y", before: "1", after: "2" },
    { path: "x.z", before: "[]", after: null },
  ]);
  expect(differences(a, a)).toEqual([]);
  expect(differences({ x: "l".repeat(500) }, {})[0]?.before).toHaveLength(123);
});
