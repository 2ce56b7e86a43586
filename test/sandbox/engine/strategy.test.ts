import { beforeAll, expect, test } from "vitest";
import { parseTime, sliceBars, type Bars } from "../../../sandbox/engine/bars.ts";
import { readBars } from "../../../sandbox/engine/price-file.ts";
import { resolveFeatures } from "../../../sandbox/engine/features.ts";
import { membership } from "../../../sandbox/engine/fuzzy.ts";
import { makeLabels, zigzagLabels } from "../../../sandbox/engine/labels.ts";
import { seedDataFolder } from "../../../sandbox/engine/market-data.ts";
import { checkStrategy } from "../../../sandbox/engine/strategy.ts";
import { barsOfCloses, probeStrategy, temporaryFolder } from "./support.ts";

const ZIGZAG = "{source: zigzag, zigzag_threshold: 0.02}";
let spx: Bars;

beforeAll(async () => {
  await using folder = await temporaryFolder();
  await seedDataFolder(folder.path);
  const bars = await readBars(folder.path, "SPX", "1d");
  spx = sliceBars(bars, parseTime("2000-01-03"), parseTime("2014-12-31"));
});

test("memberships", () => {
  const triangle = membership({ type: "triangular", parameters: [0, 20, 40] });
  expect([-1, 0, 10, 20, 30, 40, 41].map(triangle)).toEqual([0, 0, 0.5, 1, 0.5, 0, 0]);
  const shoulder = membership({ type: "triangular", parameters: [0, 0, 10] });
  expect([-1, 0, 5].map(shoulder)).toEqual([0, 1, 0.5]);
  const table = membership({ type: "trapezoidal", parameters: [60, 75, 95, 100] });
  expect([60, 67.5, 80, 97.5, 100].map(table)).toEqual([0, 0.5, 1, 0.5, 0]);
  const bell = membership({ type: "gaussian", parameters: [45, 12] });
  expect(bell(45)).toBe(1);
  expect(bell(57)).toBeCloseTo(Math.exp(-0.5), 12);
  expect([triangle, table, bell].map((degree) => degree(Number.NaN))).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  // A trapezoid whose plateau begins at its foot is 0 at the foot. A triangle whose peak is at its foot is 1 there.
  expect(membership({ type: "trapezoidal", parameters: [0, 0, 20, 40] })(0)).toBe(0);
});

test.each([
  ["triangular", [18, 38], "TriangularMF"],
  ["triangular", [30, 20, 40], "TriangularMF"],
  ["trapezoidal", [1, 2, 3], "TrapezoidalMF"],
  ["gaussian", [45, 0], "GaussianMF"],
])("wrong membership %s %j is refused", (type, parameters, name) => {
  expect(() => membership({ type, parameters })).toThrow(`[MF-InvalidParameters] Invalid parameters for ${name}`);
});

test("features come in the order of inputs, timeframes, memberships", () => {
  const text = probeStrategy({ labels: ZIGZAG })
    .replace("{mode: single, timeframe: 1d}", "{mode: multi_timeframe, list: [1h, 4h], base_timeframe: 1h}")
    .replace(
      "  - {fuzzy_set: wide, timeframes: all}",
      "  - {raw_indicator: osc, timeframes: [4h], normalization: zscore}",
    );
  const { strategy } = checkStrategy(text);
  expect(strategy && resolveFeatures(strategy).map((feature) => feature.id)).toEqual([
    "1h_zone_low",
    "1h_zone_middle",
    "1h_zone_high",
    "4h_zone_low",
    "4h_zone_middle",
    "4h_zone_high",
    "4h_osc_raw",
  ]);
});

test.each([
  ["{mode: single, timeframe: 1d}", "{mode: single, list: [1d], base_timeframe: 1d}", ["1d"], ["SYNTREND"]],
  ["{mode: single, timeframe: 1d}", "{mode: single, timeframe: 1h, list: [1d]}", ["1d"], ["SYNTREND"]],
  ["{mode: single, symbol: SYNTREND}", "{mode: multi_symbol, list: [SPX]}", ["1d"], ["SPX"]],
  ["{mode: single, symbol: SYNTREND}", "{mode: single, list: [SPX]}", ["1d"], ["SPX"]],
])("%s may be written as %s", (from, to, timeframes, symbols) => {
  const { strategy, errors } = checkStrategy(probeStrategy({ labels: ZIGZAG }).replace(from, to));
  expect([errors, strategy?.timeframes, strategy?.symbols]).toEqual([[], timeframes, symbols]);
  expect(new Set(strategy && resolveFeatures(strategy).map(({ timeframe }) => timeframe))).toEqual(new Set(timeframes));
});

test("what the real backend finds, in its words", () => {
  const good = probeStrategy({ labels: ZIGZAG });
  expect(checkStrategy(good)).toMatchObject({ isV3: true, missing: [], errors: [], warnings: [] });
  expect(checkStrategy(good.replace("indicator: slow", "indicator: rsi_year")).errors).toEqual([
    "fuzzy_sets.wide.indicator: 'rsi_year' not found in indicators. Available indicators: osc, slow",
  ]);
  expect(checkStrategy(good.replace(/decisions:.*\n/, "")).missing).toEqual([
    { category: "structure", message: "Missing required field: decisions" },
  ]);
  expect(checkStrategy("name: x\nindicators: {a: {type: rsi}\nfuzzy_sets: [unclosed").yamlError).toBeDefined();
  expect(checkStrategy(good.replace("indicator: slow", "indicator: slow.line")).errors).toHaveLength(1);
});

test("what it does not find stays unfound: type, parameter, arity, single class", () => {
  const good = probeStrategy({ labels: ZIGZAG });
  for (const [part, wrong] of [
    ["type: rsi, period: 5", "type: rsx, period: 5"],
    ["period: 14", "perod: 14"],
    ["[25, 50, 75]", "[25, 50]"],
    ["0.02", "0.9"],
  ] as const) {
    expect(good).toContain(part);
    expect(checkStrategy(good.replace(part, wrong))).toMatchObject({ missing: [], errors: [] });
  }
});

test("an alias bomb is an error of the file, not of the process", () => {
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
  const names = ["a", "b", "c", "d", "e", "f"];
  for (const [place, name] of names.entries()) {
    const before = names[place - 1];
    if (before === undefined) continue;
    bomb.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(", ")}]`);
  }
  expect(checkStrategy(bomb.join("\n")).yamlError).toMatch(/alias/);
  for (const text of ["", "[]", "5", "name: 1"]) expect(checkStrategy(text).strategy).toBeUndefined();
});

test("zigzag labels give the class counts of the recorded trainings", () => {
  const counts = (threshold: number): number[] => {
    const labels = zigzagLabels(spx.close, threshold);
    return [0, 1, 2].map((kind) => labels.filter((label) => label === kind).length);
  };
  expect(counts(0.015)).toEqual([2004, 554, 1215]);
  expect(counts(0.025)).toEqual([2230, 309, 1234]);
});

test("labels worked out by hand", () => {
  const rising = Float64Array.of(100, 103, 106, 104, 101, 103.5, 105);
  expect(Array.from(zigzagLabels(rising, 0.03))).toEqual([1, 0, 1, 2, 1, 0, 1]);
  const bars = barsOfCloses([100, 101, 102, 101, 100]);
  expect(makeLabels({ source: "forward_return", horizon: 2 }, bars).values[0]).toBeCloseTo(0.02, 12);
  expect(makeLabels({ source: "forward_return", horizon: 2 }, bars).values).toHaveLength(3);
  const context = makeLabels({ source: "context", horizon: 1 }, bars);
  expect(Array.from(context.values)).toEqual([0, 0, 1, 1]);
  const climb = barsOfCloses(Array.from({ length: 80 }, (_, i) => 100 + i));
  const barriers = makeLabels({ source: "triple_barrier", vol_span: 5, max_holding_period: 10 }, climb);
  expect(barriers.values[20]).toBe(0);
  expect(barriers.values).toHaveLength(70);
  const regime = makeLabels({ source: "regime", horizon: 5, vol_lookback: 10 }, climb);
  // A single leg without a swing counts as ranging, however steep it is.
  expect([regime.classes, regime.values[30], regime.values.length]).toEqual([4, 2, 80]);
  expect(makeLabels({ source: "magic" }, bars)).toEqual(makeLabels({ source: "zigzag" }, bars));
});
