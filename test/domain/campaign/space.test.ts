import { expect, test } from "vitest";
import type { Dimension } from "../../../src/domain/campaign/dimension.ts";
import { seededRandom } from "../../../src/domain/campaign/seeded-random.ts";
import {
  labelDimensions,
  labelSettings,
  nameOf,
  pointAt,
  pointKey,
  sizeOfSpace,
  unitOf,
  valueAt,
} from "../../../src/domain/campaign/space.ts";
import { EVERYTHING, FLOATS, INTS } from "./dimensions.ts";

test("each dimension has a name of its own", () => {
  expect(EVERYTHING.map(nameOf)).toEqual([
    "dip.period",
    "trend",
    "trend_side.around",
    "dip_depth shift",
    "dip_depth.usual widen",
    "architecture.hidden_layers",
    "training.learning_rate",
    "labels.zigzag_threshold",
    "decisions.confidence_threshold",
  ]);
});

test("whole numbers and choices have equal shares, and the middle of its share gives each value again", () => {
  for (const dimension of INTS) {
    const size = sizeOfSpace([dimension]) ?? 0;
    const counts = new Map<string, number>();
    for (let at = 0; at < 60 * size; at += 1) {
      const value = valueAt(dimension, at / (60 * size));
      expect(valueAt(dimension, unitOf(dimension, value))).toEqual(value);
      counts.set(JSON.stringify(value), (counts.get(JSON.stringify(value)) ?? 0) + 1);
    }
    expect(counts.size).toBe(size);
    // Of a share's ends, rounding may give one to the neighbour.
    for (const count of counts.values()) expect(Math.abs(count - 60)).toBeLessThanOrEqual(1);
  }
});

test("floats and logs stay within their range, are short, and come back", () => {
  const random = seededRandom(5);
  for (let turn = 0; turn < 2_000; turn += 1) {
    const from = (random() - 0.3) * 10 ** Math.floor(random() * 6 - 2);
    const to = from + random() * 100 + 0.01;
    const dimension: Dimension =
      from > 0 && turn % 2 === 0
        ? { op: "set", target: "x", log: [from, to] }
        : { op: "set", target: "x", float: [from, to] };
    const u = random();
    const value = valueAt(dimension, u);
    if (typeof value !== "number") throw new Error("no number");
    expect(value).toBeGreaterThanOrEqual(from);
    expect(value).toBeLessThanOrEqual(to);
    if (value !== from && value !== to) expect(Number(value.toPrecision(6))).toBe(value);
    const size = Math.max(Math.abs(from), Math.abs(to));
    const lost = dimension.log === undefined ? (1e-5 * size) / (to - from) : 1e-5 / Math.log(to / from);
    expect(Math.abs(unitOf(dimension, value) - u)).toBeLessThan(lost);
  }
  const rate: Dimension = { op: "set_training", target: "learning_rate", log: [0.0001, 0.01] };
  expect([0, 0.5, 1 - 2 ** -53].map((u) => valueAt(rate, u))).toEqual([0.0001, 0.001, 0.01]);
});

test("a space is as large as the product of its dimensions, or not finite", () => {
  expect(sizeOfSpace([])).toBe(1);
  expect(sizeOfSpace(INTS)).toBe(29 * 13 * 3);
  expect(sizeOfSpace([...INTS, ...FLOATS])).toBeNull();
});

test("a point's key does not depend on the order of its names", () => {
  expect(pointKey({ b: [1, { y: 0, x: null }], a: "…" })).toBe('{"a":"…","b":[1,{"x":null,"y":0}]}');
  expect(pointKey({ a: "…", b: [1, { x: null, y: 0 }] })).toBe(pointKey({ b: [1, { y: 0, x: null }], a: "…" }));
  expect(pointKey(pointAt(INTS, [0, 0.5, 0.99], {}))).toBe(
    '{"architecture.hidden_layers":[8,4],"dip.period":2,"force.period":3}',
  );
});

test("what changes labels, or what else a loss measures by, has settings of its own", () => {
  expect(labelSettings(INTS)).toEqual([{}]);
  const loss: Dimension = { op: "set_training", target: "loss", choice: ["cross_entropy", "focal"] };
  const labels: Dimension = { op: "set", target: "training.labels.zigzag_threshold", choice: [0.02, 0.03] };
  const split: Dimension = { op: "set", target: "training.data_split.train", choice: [0.6] };
  const all = [INTS[0], loss, labels, split].filter((one) => one !== undefined);
  expect(labelDimensions(all)).toEqual([loss, labels, split]);
  expect(labelSettings(all)).toEqual(
    ["cross_entropy", "focal"].flatMap((one) =>
      [0.02, 0.03].map((threshold) => ({
        "training.loss": one,
        "training.labels.zigzag_threshold": threshold,
        "training.data_split.train": 0.6,
      })),
    ),
  );
  expect(labelSettings([{ op: "set_labels", target: "label_lookahead", int: [10, 12] }])).toEqual(
    [10, 11, 12].map((bars) => ({ "labels.label_lookahead": bars })),
  );
});
