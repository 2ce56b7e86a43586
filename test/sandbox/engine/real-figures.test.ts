import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { barAt, barsFrom, parseTime, sliceBars, type Bars } from "../../../sandbox/engine/bars.ts";
import { readBars } from "../../../sandbox/engine/price-file.ts";
import { classLoss, split } from "../../../sandbox/engine/dataset.ts";
import {
  computeFeatures,
  resolveFeatures,
  type FeatureColumns,
  type FeatureMatrix,
} from "../../../sandbox/engine/features.ts";
import type { Loss } from "../../../sandbox/engine/loss.ts";
import { checkStrategy } from "../../../sandbox/engine/strategy.ts";
import { alignForBacktest, commonWindow, joinForTraining } from "../../../sandbox/engine/timeframes.ts";
import { computeIndicator } from "../../../sandbox/engine/indicators/registry.ts";
import { makeLabels } from "../../../sandbox/engine/labels.ts";
import { seedDataFolder } from "../../../sandbox/engine/market-data.ts";
import { performanceFigures } from "../../../sandbox/engine/performance-figures.ts";
import { probeStrategy, temporaryFolder } from "./support.ts";

/** What the real KTRDR's own functions answered on the sandbox's price files. README.md there tells the format. */
const figures = new URL("../../fixtures/ktrdr-real/", import.meta.url);

async function read<Item>(name: string): Promise<Item[]> {
  return JSON.parse(await readFile(new URL(name, figures), "utf8")) as Item[];
}

interface BarsNamed {
  readonly symbol: string;
  readonly timeframe: string;
  readonly from: number;
  readonly count: number;
}

interface IndicatorCase {
  readonly bars: BarsNamed;
  readonly type: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly error?: string;
  readonly outputs: Readonly<
    Record<string, { readonly nan: number; readonly sum: number; readonly at: Readonly<Record<string, number | null>> }>
  >;
}

interface LabelCase {
  readonly bars: BarsNamed;
  readonly labels: Readonly<Record<string, unknown>>;
  readonly count: number;
  readonly trained_on?: string;
}

interface PerformanceCase {
  readonly case: string;
  readonly initial_capital: number;
  readonly start: string;
  readonly end: string;
  readonly equity: readonly number[];
  readonly metrics: Readonly<Record<string, number>>;
}

const series = new Map<string, Bars>();

beforeAll(async () => {
  await using folder = await temporaryFolder();
  await seedDataFolder(folder.path);
  for (const symbol of ["SPX", "SYNTREND", "SYNNOISE"]) series.set(symbol, await readBars(folder.path, symbol, "1d"));
  series.set("SYNHOURLY", await readBars(folder.path, "SYNHOURLY", "1h"));
});

function named({ symbol, from, count }: BarsNamed): Bars {
  const bars = series.get(symbol);
  if (bars === undefined) throw new Error(`no series ${symbol}`);
  const cut = (column: Float64Array): Float64Array => column.slice(from, from + count);
  return {
    length: Math.min(count, bars.length - from),
    time: cut(bars.time),
    open: cut(bars.open),
    high: cut(bars.high),
    low: cut(bars.low),
    close: cut(bars.close),
    volume: cut(bars.volume),
  };
}

const isNear = (own: number, real: number, tolerance: number): boolean =>
  Math.abs(own - real) <= tolerance * Math.max(1, Math.abs(real));

describe("every output of every indicator is the real one's", async () => {
  const cases = (await read<IndicatorCase>("indicators.json")).filter((one) => one.error === undefined);
  test.each(cases)("$type $params on $bars.symbol", ({ bars, type, params, outputs }) => {
    const own = computeIndicator(type, params, named(bars));
    for (const [output, real] of Object.entries(outputs)) {
      const mine = output === "value" ? Object.values(own)[0] : own[output];
      if (mine === undefined) throw new Error(`no output ${output} in ${Object.keys(own).join(", ")}`);
      expect([output, mine.filter(Number.isNaN).length]).toEqual([output, real.nan]);
      for (const [place, value] of Object.entries(real.at)) {
        const found = mine[Number(place)] ?? Number.NaN;
        const isEqual = value === null ? Number.isNaN(found) : isNear(found, value, 1e-6);
        expect([output, place, isEqual ? value : found]).toEqual([output, place, value]);
      }
    }
  });
});

test("a smoothed adline fails as it does there", async () => {
  const cases = (await read<IndicatorCase>("indicators.json")).filter((one) => one.error !== undefined);
  expect(cases.length).toBeGreaterThan(0);
  const names = (text: string): string[] => (text.match(/'\w+'/g) ?? []).toSorted();
  for (const { bars, type, params, error = "" } of cases) {
    let said = "";
    try {
      computeIndicator(type, params, named(bars), "x");
    } catch (reason) {
      said = String(reason);
    }
    expect(said).toContain("Indicator x output mismatch: expected ");
    expect(names(said)).toEqual(names(error));
  }
});

describe("labels are the real one's, bar by bar", async () => {
  test.each(await read<LabelCase>("labels.json"))("$labels on $bars.symbol", ({ bars, labels, count, trained_on }) => {
    const { values } = makeLabels(labels, named(bars));
    expect(values).toHaveLength(count);
    if (trained_on !== undefined) expect(values.join("")).toBe(trained_on);
  });
});

test.each(await read<PerformanceCase>("performance.json"))("figures of the equity curve $case", (real) => {
  const window = { from: Date.parse(real.start), to: Date.parse(real.end) };
  const own: Record<string, number> = {
    ...performanceFigures(Float64Array.from(real.equity), [], real.initial_capital, window),
  };
  for (const [name, value] of Object.entries(real.metrics)) {
    expect([name, isNear(own[name] ?? Number.NaN, value, 1e-6) ? value : own[name]]).toEqual([name, value]);
  }
});

/** The sections from `indicators` to `nn_inputs` of the case's strategy. */
const TWO_TIMEFRAMES = `indicators:
  px: {type: exponentialmovingaverage, period: 1}
  osc: {type: rsi, period: 14}
fuzzy_sets:
  zone:
    indicator: osc
    low: [0, 20, 50]
    mid: [20, 50, 80]
    high: [50, 80, 100]
nn_inputs:
  - {fuzzy_set: zone, timeframes: all}
  - {raw_indicator: px, timeframes: all, normalization: zscore}
model:`;

interface Cells {
  readonly sample: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
}

interface TimeframeCase {
  readonly strategy: string;
  readonly symbol: string;
  readonly start: string;
  readonly end: string;
  readonly training: Cells & {
    readonly rows: number;
    readonly nan_by_column: Readonly<Record<string, number>>;
    readonly labels: number;
  };
  readonly backtest: Cells & { readonly rows: number; readonly nan_total: number };
}

describe("hours and days side by side", async () => {
  // The other cases are of prices that the sandbox does not have.
  const real = (await read<TimeframeCase>("timeframes.json")).find((one) => one.symbol === "SYNHOURLY");
  if (real === undefined) throw new Error("no case of SYNHOURLY");
  const strategy = checkStrategy(
    probeStrategy({ labels: "{source: zigzag, zigzag_threshold: 0.01}" })
      .replace("{mode: single, timeframe: 1d}", "{mode: multi_timeframe, list: [1h, 1d], base_timeframe: 1h}")
      .replace(/indicators:[^]*model:/, TWO_TIMEFRAMES),
  ).strategy;
  if (strategy === undefined) throw new Error("strategy does not parse");
  const features = resolveFeatures(strategy);

  async function tables(): Promise<FeatureColumns[]> {
    const hours = series.get("SYNHOURLY") ?? barsFrom([]);
    const [from, to] = [parseTime(real?.start ?? ""), parseTime(real?.end ?? "")];
    const all = new Map([
      ["1h", sliceBars(hours, from, to)],
      ["1d", sliceBars(daysOf(hours), from, to)],
    ]);
    if (strategy === undefined) throw new Error("strategy does not parse");
    return computeFeatures(strategy, features, commonWindow(all), () => Promise.resolve());
  }

  function compare(matrix: FeatureMatrix, times: Float64Array, sample: Cells["sample"]): void {
    for (const [stamp, cells] of Object.entries(sample)) {
      const row = times.indexOf(Date.parse(stamp));
      for (const [place, { id }] of features.entries()) {
        const own = matrix.values[row * matrix.width + place] ?? Number.NaN;
        const value = cells[id] ?? Number.NaN;
        const isEqual = Number.isNaN(value) ? Number.isNaN(own) : isNear(own, value, 1e-6);
        expect([stamp, id, isEqual ? value : own]).toEqual([stamp, id, value]);
      }
    }
  }

  test("a training has the day's values at midnight only", async () => {
    const all = await tables();
    const matrix = joinForTraining(all, features);
    expect(matrix.rows).toBe(real.training.rows);
    const empty = features.map(({ id }, place) => {
      const column = matrix.values.filter((_, i) => i % matrix.width === place);
      return [id, column.filter(Number.isNaN).length];
    });
    expect(Object.fromEntries(empty)).toEqual(real.training.nan_by_column);
    compare(matrix, all[0]?.time ?? new Float64Array(0), real.training.sample);
  });

  test("a backtest has the whole day's values from midnight on: it sees the future", async () => {
    const all = await tables();
    const matrix = alignForBacktest(all, features, "1h");
    expect([matrix.rows, matrix.values.filter(Number.isNaN).length]).toEqual([
      real.backtest.rows,
      real.backtest.nan_total,
    ]);
    compare(matrix, all[0]?.time ?? new Float64Array(0), real.backtest.sample);
  });
});

/** Makes daily bars (UTC) of hourly ones: first, highest, lowest, last, and the sum of the volumes. */
function daysOf(hours: Bars): Bars {
  const days = Map.groupBy(
    Array.from({ length: hours.length }, (_, i) => barAt(hours, i)),
    (bar) => Math.floor(bar.time / 86_400_000),
  );
  return barsFrom(
    [...days].map(([day, bars]) => ({
      time: day * 86_400_000,
      open: bars[0]?.open ?? Number.NaN,
      high: Math.max(...bars.map((bar) => bar.high)),
      low: Math.min(...bars.map((bar) => bar.low)),
      close: bars.at(-1)?.close ?? Number.NaN,
      volume: bars.reduce((sum, bar) => sum + bar.volume, 0),
    })),
  );
}

interface SplitCase {
  readonly samples: number;
  readonly train: number;
  readonly validation: number;
  readonly test: number;
  readonly plain: readonly number[];
  readonly purged: Readonly<Record<string, readonly number[]>>;
}

test.each(await read<SplitCase>("splits.json"))("parts of $samples samples by $train/$validation/$test", (real) => {
  const rows = Uint32Array.from({ length: real.samples }, (_, i) => i);
  const sizes = (purge: number): number[] => {
    const shares = { trainShare: real.train, validationShare: real.validation, testShare: real.test };
    const { train, validation, test: rest } = split(shares, rows, purge);
    return [train.length, validation.length, rest.length];
  };
  expect(sizes(0)).toEqual(real.plain);
  for (const [purge, parts] of Object.entries(real.purged)) expect(sizes(Number(purge))).toEqual(parts);
});

interface WeightCase {
  readonly case: string;
  readonly outputs: number;
  readonly training: readonly number[];
  readonly validation: readonly number[];
  readonly loss: string;
  readonly weights: readonly number[];
  readonly error?: string;
}

const weighed = (await read<WeightCase>("class-weights.json")).filter((one) => one.training.length <= one.outputs);

test.each(weighed)("classes in a training with $loss: $case", ({ outputs, training, validation, loss, ...real }) => {
  const classes = (counts: readonly number[]): number[] => counts.flatMap((n, kind) => Array<number>(n).fill(kind));
  const targets = Float64Array.from([...classes(training), ...classes(validation)]);
  const taught = classes(training).length;
  const parts = {
    train: Uint32Array.from({ length: taught }, (_, i) => i),
    validation: Uint32Array.from({ length: targets.length - taught }, (_, i) => taught + i),
  };
  const attempt = (): Loss => classLoss({ loss, focalGamma: 2 }, targets, parts, outputs);
  if (real.error !== undefined) expect(attempt).toThrow(real.error.replace(/^\w+: /, ""));
  else
    for (const [kind, weight] of real.weights.entries()) {
      // A focal loss counts every row alike. Its class weights are inside the loss.
      if (loss !== "focal") expect(attempt().weight(kind)).toBeCloseTo(weight, 6);
      else expect(attempt).not.toThrow();
    }
});
