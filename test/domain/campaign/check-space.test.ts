import { describe, expect, test } from "vitest";
import { checkSpace } from "../../../src/domain/campaign/check-space.ts";
import { Dimension } from "../../../src/domain/campaign/dimension.ts";
import { isDomainError } from "../../../src/domain/errors.ts";
import { EXAMPLE_STRATEGY } from "../../../src/domain/strategy/guide-example.ts";
import { EVERYTHING } from "./dimensions.ts";

/** What the refusal says; null when there is none. */
function refusal(dimensions: readonly Dimension[], base = EXAMPLE_STRATEGY): string | null {
  try {
    checkSpace(dimensions, base);
    return null;
  } catch (error) {
    if (!isDomainError(error, "invalid_input")) throw error;
    return `${error.what} ${error.why} | ${error.valid.join(" | ")}`;
  }
}

test("a space of every kind of dimension passes, and the edge reads it", () => {
  expect(Dimension.array().parse(EVERYTHING)).toEqual(EVERYTHING);
  expect(refusal(EVERYTHING)).toBeNull();
});

const period = { op: "set_parameter", target: "dip.period" } as const;
const rate = { op: "set_training", target: "learning_rate" } as const;
const layers = { op: "set_architecture", target: "hidden_layers" } as const;

describe("one dimension", () => {
  test.each<[string, Dimension, string]>([
    ["no range", period, "it has no range | int: [5, 40]"],
    ["two ranges", { ...period, int: [1, 2], float: [1, 2] }, "it has several ranges: int, float"],
    [
      "a reversed range",
      { ...period, int: [20, 5] },
      "its range int [20, 5] is empty | int: [from, to] with from < to",
    ],
    ["an empty range", { ...rate, float: [0.1, 0.1] }, "its range float [0.1, 0.1] is empty"],
    ["an infinite range", { ...rate, float: [0, Infinity] }, "its range float [0, Infinity] is not finite"],
    ["no number", { ...rate, float: [Number.NaN, 1] }, "its range float [NaN, 1] is not finite"],
    ["a missing bound", { ...rate, float: [1] }, "its range float [1, NaN] is not finite"],
    ["halves", { ...period, int: [2.5, 5] }, "its range int [2.5, 5] is not of whole numbers | whole bounds | float"],
    [
      "a log from 0",
      { ...rate, log: [0, 1] },
      "its range log [0, 1] has no logarithms | log: [from, to] with 0 < from",
    ],
    ["too narrow a range", { ...rate, float: [0.1, 0.10000001] }, "its values are rounded to 6 significant digits"],
    ["an empty choice", { ...layers, choice: [] }, "its choice is empty"],
    ["a repeated choice", { ...layers, choice: [[8], [16], [8]] }, "its choice has [8] twice | each value once"],
    ["an empty name in its path", { op: "set", target: "a..b", int: [1, 2] }, "its target is no path"],
    ["an indicator alone", { ...period, target: "dip", int: [1, 2] }, "names no parameter | indicator.parameter"],
    ["a set alone", { op: "set_membership", target: "dip_depth", choice: [[1, 2, 3]] }, "names no member"],
    [
      "a move of a point",
      { op: "shift_membership", target: "dip_depth.usual.1", int: [0, 1] },
      "inside of a membership",
    ],
    ["the name", { op: "set", target: "name", choice: ["a", "b"] }, "gets its name from the campaign"],
    ["the epochs", { op: "set_training", target: "epochs", int: [10, 90] }, "the campaign itself says how many epochs"],
    ["the epochs by their path", { op: "set", target: "training.epochs", int: [10, 90] }, "the campaign itself says"],
    ["all of the training", { op: "set", target: "training", choice: [{ epochs: 3 }] }, "the campaign itself says"],
    ["a market", { op: "set", target: "training_data.symbols.symbol", choice: ["SPX"] }, "a market is no dimension"],
    [
      "a missing indicator",
      { ...period, target: "dop.period", int: [1, 2] },
      "no dop in indicators of the base | dip, trend or force",
    ],
    [
      "a misspelt parameter",
      { ...period, target: "dip.perod", int: [1, 2] },
      "no perod in indicators.dip of the base | type or period",
    ],
    [
      "a missing set",
      { op: "widen_membership", target: "zone", float: [1, 2] },
      "no zone in fuzzy_sets of the base | dip_depth, trend_side",
    ],
    [
      "a label that is a default",
      { op: "set_labels", target: "horizon", int: [1, 2] },
      "no horizon in training.labels of the base",
    ],
    [
      "a missing section",
      { op: "set", target: "modle.type", choice: ["mlp"] },
      "there is no modle in the base | description",
    ],
    [
      "a missing entry",
      { op: "set", target: "nn_inputs.7.timeframes", choice: ["all"] },
      "there is no 7 in nn_inputs of the base",
    ],
    [
      "a key of the prototype",
      { op: "set", target: "model.constructor", choice: ["x"] },
      "there is no constructor in model",
    ],
    ["numbers for a list", { ...layers, int: [8, 64] }, "the base has [16,8] there, which is no number | choice"],
    ["a word for a number", { ...rate, choice: [0.1, "0.2"] }, 'its choice has "0.2" where the base has 0.001'],
    [
      "a number for points",
      { op: "set_membership", target: "dip_depth.usual", choice: [5] },
      "its choice has 5 where the base has [30,50,70]",
    ],
    [
      "an indicator that is none",
      { op: "replace_indicator", target: "dip", choice: ["rsi"] },
      'its choice has "rsi" where',
    ],
    [
      "a move of no membership",
      { op: "shift_membership", target: "dip_depth.indicator", int: [0, 1] },
      "there is no membership to move",
    ],
    ["a move by a word", { op: "shift_membership", target: "dip_depth", choice: [1, "2"] }, '"2" moves nothing'],
    [
      "a width of 0",
      { op: "widen_membership", target: "dip_depth", float: [0, 2] },
      "no membership is useful 0 times as wide | factors from 0.01 to 100",
    ],
    [
      "a turned membership",
      { op: "widen_membership", target: "dip_depth", choice: [-1] },
      "no membership is useful -1 times as wide",
    ],
    [
      "a range of label values",
      { op: "set_labels", target: "zigzag_threshold", float: [0.01, 0.05] },
      "a range of numbers has too many | int or choice, with at most 6 settings of labels.zigzag_threshold",
    ],
    [
      "many label values",
      { op: "set_labels", target: "label_lookahead", int: [1, 7] },
      "there are 7 | int or choice, with at most 6",
    ],
  ])("with %s is refused by name", (_name, dimension, words) => {
    const said = refusal([{ op: "set_training", target: "batch_size", choice: [16, 32] }, dimension]);
    expect(said).toContain(`Dimension 2 (${dimension.op} ${dimension.target}) cannot be searched. `);
    expect(said).toContain(words);
  });

  test("moves no membership that cannot be read", () => {
    const base = EXAMPLE_STRATEGY.replace("[30, 50, 70]", "[30, 70, 50]");
    expect(refusal([{ op: "shift_membership", target: "dip_depth", int: [0, 9] }], base)).toContain(
      "fuzzy_sets.dip_depth.usual of the base is no membership: [30,70,50]",
    );
  });
});

describe("dimensions together", () => {
  test.each<[string, Dimension, Dimension, string]>([
    [
      "the same",
      { ...period, int: [1, 2] },
      { ...period, int: [3, 4] },
      "dimension 1 (set_parameter dip.period) changes indicators.dip.period too",
    ],
    [
      "the same path in other words",
      { ...rate, log: [0.1, 0.2] },
      { op: "set", target: "training.learning_rate", choice: [0.1] },
      "dimension 1 (set_training learning_rate) changes training.learning_rate too",
    ],
    [
      "a part of what is replaced",
      { op: "replace_indicator", target: "dip", choice: [{ type: "rsi", period: 5 }] },
      { ...period, int: [3, 4] },
      "dimension 1 (replace_indicator dip) changes indicators.dip.period too | one of them | set with mappings",
    ],
    [
      "the replacement of a part",
      { ...period, int: [3, 4] },
      { op: "set", target: "indicators", choice: [{ dip: { type: "rsi", period: 5 } }] },
      "dimension 1 (set_parameter dip.period) changes indicators too",
    ],
    [
      "labels of another source",
      { op: "set_labels", target: "source", choice: ["zigzag", "triple_barrier"] },
      { op: "set_labels", target: "zigzag_threshold", choice: [0.02, 0.03] },
      "dimension 1 (set_labels source) changes training.labels.zigzag_threshold too",
    ],
    [
      "points that are moved as well",
      { op: "set_membership", target: "dip_depth.usual", choice: [[1, 2, 3]] },
      { op: "shift_membership", target: "dip_depth", int: [0, 9] },
      "dimension 1 (set_membership dip_depth.usual) changes fuzzy_sets.dip_depth.usual too",
    ],
    [
      "the same move",
      { op: "shift_membership", target: "dip_depth", int: [0, 5] },
      { op: "shift_membership", target: "dip_depth", int: [5, 9] },
      "dimension 1 (shift_membership dip_depth) is called dip_depth shift too",
    ],
  ])("cannot be %s", (_name, one, other, words) => {
    expect(refusal([one, other])).toContain(`Dimension 2 (${other.op} ${other.target}) cannot be searched. ${words}`);
  });

  test("must be one at least, and twelve at most", () => {
    expect(refusal([])).toContain("A space has 1 to 12 dimensions, not 0. nothing would be searched");
    const many = Array.from({ length: 13 }, (): Dimension => ({ ...period, int: [1, 2] }));
    expect(refusal(many)).toContain("A space has 1 to 12 dimensions, not 13.");
  });

  test("have at most six settings of labels", () => {
    const loss: Dimension = { op: "set", target: "training.loss", choice: ["cross_entropy", "focal"] };
    const labels = (...choice: number[]): Dimension => ({ op: "set_labels", target: "zigzag_threshold", choice });
    expect(refusal([loss, labels(0.02, 0.03, 0.04)])).toBeNull();
    expect(refusal([loss, labels(0.02, 0.03, 0.04, 0.05)])).toContain(
      "there are 8 | int or choice, with at most 6 settings of training.loss or labels.zigzag_threshold together",
    );
  });

  test("of a set's indicator and of its memberships do not disturb each other", () => {
    expect(
      refusal([
        { op: "set_membership", target: "dip_depth.indicator", choice: ["dip"] },
        { op: "widen_membership", target: "dip_depth", float: [0.5, 2] },
        { op: "shift_membership", target: "dip_depth", float: [-5, 5] },
      ]),
    ).toBeNull();
  });
});

test("a base that cannot be read is refused", () => {
  expect(() => checkSpace(EVERYTHING, "a: *b")).toThrow("The base strategy cannot be read.");
});
