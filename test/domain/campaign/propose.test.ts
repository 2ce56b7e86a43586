import { describe, expect, test } from "vitest";
import type { Dimension, Point } from "../../../src/domain/campaign/dimension.ts";
import { adaptive, spread } from "../../../src/domain/campaign/propose.ts";
import { labelSettings, nameOf, pointKey, sizeOfSpace, unitOf } from "../../../src/domain/campaign/space.ts";
import { mean, median } from "../../../src/domain/statistics.ts";
import { EVERYTHING, FLOATS, INTS } from "./dimensions.ts";

const nothing = () => false;
const keysOf = (points: readonly Point[]) => points.map(pointKey);

describe("a spread", () => {
  test("gives each point of a finite space once, in an order of its seed", () => {
    const size = sizeOfSpace(INTS) ?? 0;
    const all = (seed: number) =>
      keysOf(spread({ dimensions: INTS, fixed: {}, seed, count: size + 100, isTaken: nothing }));
    const [one, other] = [all(1), all(2)];
    expect(new Set(one).size).toBe(size);
    expect(one).toHaveLength(size);
    expect(other.toSorted()).toEqual(one.toSorted());
    expect(other).not.toEqual(one);
  });

  test("leaves out what is taken, and ends when nothing is left", () => {
    const first = spread({ dimensions: INTS, fixed: {}, seed: 4, count: 1_000, isTaken: nothing });
    const taken = new Set(keysOf(first));
    const rest = spread({
      dimensions: INTS,
      fixed: {},
      seed: 9,
      count: 1_000,
      isTaken: (key) => taken.has(key),
    });
    expect(rest).toHaveLength(29 * 13 * 3 - 1_000);
    expect(keysOf(rest).filter((key) => taken.has(key))).toEqual([]);
    const none = spread({ dimensions: INTS, fixed: {}, seed: 9, count: 5, isTaken: () => true });
    expect(none).toEqual([]);
  });

  test.each([
    ["infinite", FLOATS],
    ["of several kinds", EVERYTHING],
    ["huge", [...INTS, { op: "set", target: "x", int: [0, 999_999_999] }]],
    ["too large to be counted", ["x", "y"].map((target) => ({ op: "set", target, int: [0, 999_999_999] }))],
  ] as [string, Dimension[]][])(
    "of a space that is %s goes on with what is not taken, and repeats nothing",
    (_name, dimensions) => {
      const wish = { dimensions, fixed: {}, seed: 3, isTaken: nothing };
      const all = spread({ ...wish, count: 300 });
      expect(new Set(keysOf(all)).size).toBe(300);
      const some = spread({ ...wish, count: 120 });
      const taken = new Set(keysOf(some));
      const others = spread({ ...wish, count: 180, isTaken: (key) => taken.has(key) });
      expect([...some, ...others]).toEqual(all);
    },
  );

  test("fixes the labels' settings, and tries the same values beside each", () => {
    const [one, other] = labelSettings(EVERYTHING).map((fixed) =>
      spread({ dimensions: EVERYTHING, fixed, seed: 8, count: 20, isTaken: nothing }).map(
        ({ "labels.zigzag_threshold": label, ...rest }) => ({ label, rest }),
      ),
    );
    expect(one?.map(({ label }) => label)).toEqual(Array.from({ length: 20 }, () => 0.02));
    expect(other?.map(({ label }) => label)).toEqual(Array.from({ length: 20 }, () => 0.03));
    expect(other?.map(({ rest }) => rest)).toEqual(one?.map(({ rest }) => rest));
  });

  test("of a space that is all fixed has one point", () => {
    const labels: Dimension[] = [{ op: "set_labels", target: "zigzag_threshold", choice: [0.02, 0.03] }];
    const fixed = { "labels.zigzag_threshold": 0.02 };
    const points = spread({ dimensions: labels, fixed, seed: 1, count: 9, isTaken: nothing });
    expect(points).toEqual([fixed]);
  });

  test("gives up on a range of few different numbers", () => {
    const narrow: Dimension[] = [{ op: "set", target: "x", float: [1, 1.0001] }];
    const points = spread({ dimensions: narrow, fixed: {}, seed: 1, count: 500, isTaken: nothing });
    expect(points).toHaveLength(11);
  });
});

const PERIOD = { op: "set_parameter", target: "dip.period", int: [2, 40] } as const;
const RATE = { op: "set_training", target: "learning_rate", log: [0.0001, 0.1] } as const;
const DROPOUT = { op: "set_architecture", target: "dropout", float: [0, 0.6] } as const;
const LAYERS = { op: "set_architecture", target: "hidden_layers", choice: [[4], [8], [16], [16, 8], [32]] } as const;
const PLANTED: readonly Dimension[] = [PERIOD, RATE, DROPOUT, LAYERS];

/** A smooth bowl, lowest at 11 bars, a rate of 0.003, a dropout of 0.15 and [16, 8]. */
function plantedLoss(point: Point): number {
  const unit = (dimension: Dimension) => unitOf(dimension, point[nameOf(dimension)] ?? null);
  const distance = (dimension: Dimension, best: number) => (unit(dimension) - unitOf(dimension, best)) ** 2;
  const layers = [0.1, 0.05, 0.03, 0, 0.06][Math.floor(5 * unit(LAYERS))] ?? Number.NaN;
  return distance(PERIOD, 11) + distance(RATE, 0.003) + 0.5 * distance(DROPOUT, 0.15) + layers;
}

const ROUNDS = 8;
const A_ROUND = 10;

/** The points of a search in rounds, with their losses. */
function searched(seed: number, dimensions = PLANTED, loss = plantedLoss) {
  const observed: { point: Point; loss: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const taken = new Set(observed.map(({ point }) => pointKey(point)));
    const isTaken = (key: string) => taken.has(key);
    const points = adaptive({ dimensions, fixed: {}, seed, round, count: A_ROUND, observed, isTaken });
    observed.push(...points.map((point) => ({ point, loss: loss(point) })));
  }
  return observed;
}

describe("an adaptive search", () => {
  test("finds lower losses than a spread of as many points", () => {
    const seeds = Array.from({ length: 20 }, (_, seed) => seed);
    const lowest = (losses: readonly number[]) => Math.min(...losses);
    const learnt = seeds.map((seed) => lowest(searched(seed).map(({ loss }) => loss)));
    const blind = seeds.map((seed) => {
      const count = ROUNDS * A_ROUND;
      const points = spread({ dimensions: PLANTED, fixed: {}, seed, count, isTaken: nothing });
      return lowest(points.map(plantedLoss));
    });
    expect(mean(learnt)).toBeLessThan(0.75 * mean(blind));
  });

  test("repeats no point and fills its rounds, also where the best are few", () => {
    for (const [dimensions, loss] of [
      [PLANTED, plantedLoss],
      [INTS, (point: Point) => Number(point["dip.period"])],
    ] as const) {
      const keys = keysOf(searched(3, dimensions, loss).map(({ point }) => point));
      expect(keys).toHaveLength(ROUNDS * A_ROUND);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  test("takes every point of a small space", () => {
    const small: Dimension[] = [{ ...PERIOD, int: [2, 10] }, LAYERS];
    const all = searched(5, small, (point) => Number(point["dip.period"]));
    expect(new Set(keysOf(all.map(({ point }) => point))).size).toBe(45);
    expect(all).toHaveLength(45);
  });

  test("spreads until it knows 8 points, or 2 for each dimension, and then one in four", () => {
    const first = spread({ dimensions: PLANTED, fixed: {}, seed: 6, count: 400, isTaken: nothing });
    const order = keysOf(first);
    const observed = first.slice(0, 8).map((point) => ({ point, loss: plantedLoss(point) }));
    const taken = new Set(order.slice(0, 8));
    const wish = { dimensions: PLANTED, fixed: {}, seed: 6, isTaken: (key: string) => taken.has(key) };
    const few = adaptive({ ...wish, round: 1, count: 8, observed: observed.slice(1) });
    expect(keysOf(few)).toEqual(order.slice(8, 16));
    const spreadIn = (round: number, count: number) =>
      keysOf(adaptive({ ...wish, round, count, observed })).filter((key) => order.slice(8, 20).includes(key)).length;
    expect(spreadIn(1, 8)).toBe(2);
    expect([0, 1, 2, 3].map((round) => spreadIn(round, 1))).toEqual([0, 0, 0, 1]);
  });

  test("follows from its arguments; the order of what was observed is none of them", () => {
    const observed = searched(9).slice(0, 40);
    const wish = { dimensions: PLANTED, fixed: {}, seed: 9, round: 4, count: 10, isTaken: nothing };
    const points = adaptive({ ...wish, observed });
    expect(adaptive({ ...wish, observed: observed.toReversed() })).toEqual(points);
    expect(adaptive({ ...wish, observed, round: 5 })).not.toEqual(points);
    expect(adaptive({ ...wish, observed, seed: 10 })).not.toEqual(points);
  });

  test("learns nothing from other labels, and takes a loss that is no number for the worst", () => {
    const labels: Dimension = { op: "set_labels", target: "zigzag_threshold", choice: [0.02, 0.03] };
    const dimensions = [...PLANTED, labels];
    const [here, there] = labelSettings(dimensions);
    const observed = searched(9).slice(0, 40);
    const mine = observed.map(({ point, loss }) => ({ point: { ...point, ...here }, loss }));
    const others = observed.map(({ point, loss }) => ({ point: { ...point, ...there }, loss: -loss }));
    const wish = { dimensions, fixed: here ?? {}, seed: 9, round: 4, count: 10, isTaken: nothing };
    const points = adaptive({ ...wish, observed: mine });
    expect(adaptive({ ...wish, observed: [...others, ...mine] })).toEqual(points);
    const worst = mine.map((one) => (one.loss > 0.2 ? { ...one, loss: Number.NaN } : one));
    expect(adaptive({ ...wish, observed: worst })).toEqual(points);
  });

  test("finds the lowest losses after thousands of points too", () => {
    const points = spread({ dimensions: PLANTED, fixed: {}, seed: 2, count: 4_000, isTaken: nothing });
    const observed = points.map((point) => ({ point, loss: plantedLoss(point) }));
    const known = new Set(keysOf(points));
    const isTaken = (key: string) => known.has(key);
    const next = adaptive({ dimensions: PLANTED, fixed: {}, seed: 2, round: 0, count: 40, observed, isTaken });
    expect(next).toHaveLength(40);
    // The spread's points come first.
    expect(median(next.slice(10).map(plantedLoss))).toBeLessThan(0.2 * median(points.map(plantedLoss)));
  });
});
