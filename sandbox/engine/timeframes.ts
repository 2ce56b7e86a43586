import { sliceBars, type Bars } from "./bars.ts";
import { EngineError } from "./errors.ts";
import type { Feature, FeatureColumns, FeatureMatrix } from "./features.ts";
import { at } from "./indicators/series.ts";

const DAY = 86_400_000;
/** KTRDR asks for so many bars of the slowest timeframe, and so many days, in the common window. */
const FEWEST_BARS = 50;
const FEWEST_DAYS = 7;

const MINUTES = new Map([
  ["1m", 1],
  ["5m", 5],
  ["15m", 15],
  ["30m", 30],
  ["1h", 60],
  ["4h", 240],
  ["1d", 1440],
  ["1w", 10_080],
]);

/**
 * The timeframe with the shortest bars: labels are made of it, whatever `base_timeframe` says (docs/ktrdr.md §11.3).
 */
export function finest(timeframes: Iterable<string>): string | undefined {
  const minutes = (timeframe: string): number => MINUTES.get(timeframe.toLowerCase()) ?? 1440;
  return [...timeframes].toSorted().toSorted((a, b) => minutes(a) - minutes(b))[0];
}

/** The timeframes of a training in the order of its data: `base_timeframe` comes first when the list has it. */
export function trainingOrder(timeframes: readonly string[], base: string | undefined): string[] {
  if (base === undefined || !timeframes.includes(base)) return [...timeframes];
  return [base, ...timeframes.filter((one) => one !== base)];
}

/**
 * Cuts several series of one symbol to the time that all of them cover, counted by opening stamps. So only the first
 * intraday bar is left of the last day of a daily series. A single series stays whole.
 */
export function commonWindow(series: ReadonlyMap<string, Bars>): ReadonlyMap<string, Bars> {
  const all = [...series.values()].filter((bars) => bars.length > 0);
  if (series.size < 2 || all.length === 0) return series;
  const from = Math.max(...all.map((bars) => at(bars.time, 0)));
  const to = Math.min(...all.map((bars) => at(bars.time, bars.length - 1)));
  const cut = new Map([...series].map(([timeframe, bars]) => [timeframe, sliceBars(bars, from, to)]));
  const fewest = Math.min(...[...cut.values()].map((bars) => bars.length));
  if (fewest < FEWEST_BARS || Math.floor((to - from) / DAY) < FEWEST_DAYS) {
    const message = "Multi-timeframe training requires overlapping data across timeframes";
    throw new EngineError("MULTI_TF_INSUFFICIENT_COVERAGE", message, { min_bars: Math.max(0, fewest) });
  }
  return cut;
}

/**
 * Brings timeframes together as a training does: side by side by opening stamp, without filling. A slower feature
 * exists only where its own bar opens. Everywhere else it is NaN, and 0 for the network (docs/ktrdr.md §11.3).
 */
export function joinForTraining(tables: readonly FeatureColumns[], features: readonly Feature[]): FeatureMatrix {
  const isAlone = tables.length === 1;
  const times = isAlone
    ? (tables[0]?.time ?? new Float64Array(0))
    : Float64Array.from(new Set(tables.flatMap((table) => [...table.time]))).toSorted();
  const values = new Float64Array(times.length * features.length).fill(Number.NaN);
  for (const table of tables) {
    if (!isAlone) requireUnique(table.time);
    const places = new Map<number, number>();
    for (const [row, time] of table.time.entries()) places.set(time, row);
    for (const [place, feature] of features.entries()) {
      const column = table.columns.get(feature);
      if (column === undefined) continue;
      for (let row = 0; row < times.length; row++) {
        const source = isAlone ? row : places.get(at(times, row));
        if (source !== undefined) values[row * features.length + place] = at(column, source);
      }
    }
  }
  return { rows: times.length, width: features.length, values };
}

/**
 * Brings timeframes together as a backtest does: a bar of `base` has the slower one's last OPENED bar. At 03:00 that is
 * the day's bar that closes 21 hours later. So it sees the future (docs/ktrdr.md §11.3). Holes of a slower timeframe
 * are filled from later bars first, then from earlier ones, then with 0. NaN of the base timeframe stay.
 */
export function alignForBacktest(
  tables: readonly FeatureColumns[],
  features: readonly Feature[],
  base: string,
): FeatureMatrix {
  const ground = tables.find((table) => table.timeframe === base);
  if (tables.length === 1 || ground === undefined) return joinForTraining(tables.slice(0, 1), features);
  const values = new Float64Array(ground.time.length * features.length).fill(Number.NaN);
  for (const table of tables) {
    if (table !== ground) requireUnique(table.time);
    const rows = table === ground ? undefined : lastOpened(table.time, ground.time);
    for (const [place, feature] of features.entries()) {
      const column = table.columns.get(feature);
      if (column === undefined) continue;
      const aligned = rows === undefined ? column : fill(rows.map((row) => at(column, row)));
      for (const [row, value] of aligned.entries()) values[row * features.length + place] = value;
    }
  }
  return { rows: ground.time.length, width: features.length, values };
}

function lastOpened(times: Float64Array, at: Float64Array): Float64Array {
  let row = -1;
  return at.map((time) => {
    while (row + 1 < times.length && (times[row + 1] ?? Infinity) <= time) row++;
    return row;
  });
}

function fill(values: Float64Array): Float64Array {
  let next = Number.NaN;
  for (let i = values.length - 1; i >= 0; i--) next = values[i] = Number.isNaN(at(values, i)) ? next : at(values, i);
  let last = 0;
  return values.map((value) => (last = Number.isNaN(value) ? last : value));
}

/** pandas does not lay a series beside another one when its stamps occur twice or go backwards. */
function requireUnique(times: Float64Array): void {
  for (let i = 1; i < times.length; i++) {
    if (at(times, i) === at(times, i - 1)) throw new Error("cannot reindex on an axis with duplicate labels");
    if (at(times, i) < at(times, i - 1)) throw new Error("index must be monotonic increasing or decreasing");
  }
}
