import { readFile, stat } from "node:fs/promises";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import { barsFrom, type Bar } from "./bars.ts";
import { formatBarsCsv, writeFileAtomically } from "./price-file.ts";
import { normalFrom, seededRandom } from "./random.ts";

const DAY = 86_400_000;
const HOUR = 3_600_000;

/** A series of the sandbox: file name, where it comes from, and whether prices are real. */
export interface SeedSeries {
  readonly symbol: string;
  readonly timeframe: string;
  readonly name: string;
  readonly synthetic: boolean;
}

/** Every series that `seedDataFolder` writes. Synthetic ones begin with SYN. */
export const SEED_SERIES: readonly SeedSeries[] = [
  { symbol: "SPX", timeframe: "1d", name: "S&P 500 index, daily, 2000-01-03 to 2020-04-17", synthetic: false },
  { symbol: "SYNTREND", timeframe: "1d", name: "Synthetic: swings a model can learn", synthetic: true },
  { symbol: "SYNNOISE", timeframe: "1d", name: "Synthetic: pure random walk, nothing to learn", synthetic: true },
  { symbol: "SYNHOURLY", timeframe: "1h", name: "Synthetic: hourly swings with noise", synthetic: true },
];

/**
 * Writes the price files that are missing into `dir` and leaves existing ones alone, so it may run at every start and
 * in several processes at once. Returns the paths written.
 */
export async function seedDataFolder(dir: string): Promise<string[]> {
  const written: string[] = [];
  for (const series of SEED_SERIES) {
    const path = join(dir, `${series.symbol}_${series.timeframe}.csv`);
    if (await exists(path)) continue;
    await writeFileAtomically(path, await seriesText(series.symbol));
    written.push(path);
  }
  return written;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

const TREND = { drift: 0.005, noise: 0.005 };
const NOISE = 0.01;

/** A price file of so many weekdays from 2000 on: swings that a model can learn, or a random walk with nothing to learn. */
export function syntheticText(what: "swings" | "noise", seed: number, days: number): string {
  const times = weekdays(days);
  return formatBarsCsv(
    barsFrom(what === "swings" ? swings(seed, seed + 1, times, TREND) : walk(seed, times, () => 0, NOISE)),
  );
}

async function seriesText(symbol: string): Promise<string> {
  switch (symbol) {
    case "SPX":
      return sp500Text();
    case "SYNTREND":
      return formatBarsCsv(barsFrom(swings(2000, 11, weekdays(4000), TREND)));
    case "SYNNOISE":
      return formatBarsCsv(barsFrom(walk(12, weekdays(4000), () => 0, NOISE)));
    case "SYNHOURLY":
      return formatBarsCsv(barsFrom(swings(5000, 13, weekHours(15_456), { drift: 0.0012, noise: 0.0022 })));
    default:
      throw new Error(`no recipe for ${symbol}`);
  }
}

/**
 * S&P 500 daily bars of the vega-datasets package in KTRDR's form: first column `timestamp` at midnight UTC, prices
 * rounded to 4 decimals, whole volume, adjusted close dropped (recordings/README.md gives the resulting SHA-256).
 */
async function sp500Text(): Promise<string> {
  // The package's export map hides its data folder, so the folder is found beside its package.json.
  const manifest = findPackageJSON("vega-datasets", import.meta.url);
  if (manifest === undefined) throw new Error("the package vega-datasets is not installed");
  const source = join(dirname(manifest), "data", "sp500-2000.csv");
  const lines = (await readFile(source, "utf8")).split(/\r?\n/).filter((line) => line.length > 0);
  const header = (lines[0] ?? "").split(",");
  const out = ["timestamp,open,high,low,close,volume"];
  for (const line of lines.slice(1)) {
    const cells = line.split(",");
    const cell = (name: string): string => cells[header.indexOf(name)] ?? "";
    const prices = ["open", "high", "low", "close"].map((name) => shortPrice(Number(cell(name))));
    out.push([`${cell("date")}T00:00:00Z`, ...prices, String(Math.round(Number(cell("volume"))))].join(","));
  }
  return `${out.join("\n")}\n`;
}

/** At most 4 decimals, at least one: 1469.25, 1478.0. */
function shortPrice(price: number): string {
  const text = String(Math.round(price * 10_000) / 10_000);
  return text.includes(".") ? text : `${text}.0`;
}

function weekdays(count: number): number[] {
  const times: number[] = [];
  for (let time = Date.UTC(2000, 0, 3); times.length < count; time += DAY) {
    const day = new Date(time).getUTCDay();
    if (day !== 0 && day !== 6) times.push(time);
  }
  return times;
}

function weekHours(count: number): number[] {
  const times: number[] = [];
  for (let time = Date.UTC(2022, 0, 3); times.length < count; time += HOUR) {
    const day = new Date(time).getUTCDay();
    if (day !== 0 && day !== 6) times.push(time);
  }
  return times;
}

/**
 * A planted pattern: the price runs up and down in legs of 16 to 46 bars with a nearly constant slope, so that an
 * oscillator tells the direction of the leg. Real markets do not do this; a learner that cannot find it is broken.
 */
function swings(
  legSeed: number,
  seed: number,
  times: readonly number[],
  size: { drift: number; noise: number },
): Bar[] {
  const random = seededRandom(legSeed);
  let left = 0;
  let direction = -1;
  const slope = (): number => {
    if (left-- <= 0) {
      left = 15 + Math.floor(random() * 31);
      direction = -direction;
    }
    return direction * size.drift;
  };
  return walk(seed, times, slope, size.noise);
}

/** A geometric walk from 1000 with the given log drift per bar; each bar opens where the last one closed. */
function walk(seed: number, times: readonly number[], drift: () => number, noise: number): Bar[] {
  const random = seededRandom(seed);
  const normal = normalFrom(random);
  const round = (value: number): number => Math.round(value * 10_000) / 10_000;
  let last = 1000;
  return times.map((time) => {
    const open = round(last);
    const close = round(last * Math.exp(drift() + noise * normal()));
    const reach = noise * last * 0.5;
    const high = round(Math.max(open, close) + reach * random());
    const low = round(Math.min(open, close) - reach * random());
    last = close;
    return { time, open, high, low, close, volume: 1_000_000 + Math.floor(random() * 1_000_000) };
  });
}
