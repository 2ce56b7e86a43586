import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EngineError } from "./errors.ts";

/** One candle; `time` is the start of the bar in ms since 1970 UTC. */
export interface Bar {
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** A price series in columns of equal length, oldest first; `time` in ms since 1970 UTC. */
export interface Bars {
  readonly length: number;
  readonly time: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

const COLUMNS = ["open", "high", "low", "close", "volume"] as const;

/** Columns out of single candles. */
export function barsFrom(rows: readonly Bar[]): Bars {
  const column = (name: keyof Bar): Float64Array => Float64Array.from(rows, (row) => row[name]);
  return {
    length: rows.length,
    time: column("time"),
    open: column("open"),
    high: column("high"),
    low: column("low"),
    close: column("close"),
    volume: column("volume"),
  };
}

/** The candle at `index`; throws RangeError outside the series. */
export function barAt(bars: Bars, index: number): Bar {
  const value = (column: Float64Array): number => {
    const found = column[index];
    if (found === undefined) throw new RangeError(`bar ${index} of ${bars.length}`);
    return found;
  };
  return {
    time: value(bars.time),
    open: value(bars.open),
    high: value(bars.high),
    low: value(bars.low),
    close: value(bars.close),
    volume: value(bars.volume),
  };
}

/**
 * Milliseconds UTC of an ISO date or date-time; a text without zone is UTC (contract §4.1). A bare date is midnight
 * at the start of that day (contract §2.2). Throws `DATA-InvalidDate`.
 */
export function parseTime(text: string): number {
  const trimmed = text.trim().replace(" ", "T");
  const bare = /^\d{4}-\d{2}-\d{2}$/.test(trimmed);
  const zoned = /(?:[zZ]|[+-]\d{2}:?\d{2})$/.test(trimmed);
  const time = Date.parse(bare ? `${trimmed}T00:00:00Z` : zoned ? trimmed : `${trimmed}Z`);
  if (Number.isNaN(time) || !/^\d{4}-\d{2}-\d{2}/.test(trimmed)) {
    throw new EngineError("DATA-InvalidDate", `Invalid date: ${text}`, { value: text });
  }
  return time;
}

/** `2000-01-03T00:00:00Z`, the stamp of the price files (contract §10.11). */
export function formatStamp(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/** A price file's text to columns: tolerant of column order, case and extra columns, like the real loader. */
export function parseBarsCsv(text: string): Bars {
  const lines = text.split(/\r?\n/).filter((line) => line.length > 0);
  const header = (lines[0] ?? "").split(",").map((name) => name.trim().toLowerCase());
  const fallback = header.findIndex((name, index) => index > 0 && ["open", "high", "low", "close"].includes(name));
  const places = COLUMNS.map((name) => {
    const place = header.indexOf(name);
    // The real loader fills a missing price column with the first one there is, and a missing volume with 0.
    return place >= 0 || name === "volume" ? place : fallback;
  });
  const rows: Bar[] = [];
  for (const line of lines.slice(1)) {
    const cells = line.split(",");
    const number = (index: number): number => {
      const place = places[index] ?? -1;
      return place < 0 ? 0 : Number(cells[place]);
    };
    rows.push({
      time: parseTime(cells[0] ?? ""),
      open: number(0),
      high: number(1),
      low: number(2),
      close: number(3),
      volume: Math.max(0, number(4)),
    });
  }
  return barsFrom(rows);
}

/** Columns to the text of a price file, header `timestamp,open,high,low,close,volume`, numbers unrounded. */
export function formatBarsCsv(bars: Bars): string {
  const lines = ["timestamp,open,high,low,close,volume"];
  for (let i = 0; i < bars.length; i++) {
    const bar = barAt(bars, i);
    lines.push([formatStamp(bar.time), bar.open, bar.high, bar.low, bar.close, bar.volume].join(","));
  }
  return `${lines.join("\n")}\n`;
}

/** `<dataDir>/<SYMBOL>_<timeframe>.csv`; refuses names that are not plain (contract §4.1), `INPUT-InvalidSymbol`. */
export function barsPath(dataDir: string, symbol: string, timeframe: string): string {
  if (!/^[A-Za-z0-9.-]{1,20}$/.test(symbol) || !/^[0-9]+[mhdwM]$/.test(timeframe) || /^\.+$/.test(symbol)) {
    throw new EngineError("INPUT-InvalidSymbol", `No data found in cache for ${symbol} ${timeframe}`);
  }
  return join(dataDir, `${symbol}_${timeframe}.csv`);
}

/** The series of one price file; without a file an EngineError `No data found in cache for X 1d` (recording 06). */
export async function readBars(dataDir: string, symbol: string, timeframe: string): Promise<Bars> {
  let text: string;
  try {
    text = await readFile(barsPath(dataDir, symbol, timeframe), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") throw noData(symbol, timeframe);
    throw error;
  }
  return parseBarsCsv(text);
}

/** The error of a series that does not exist or has no bar in the window. */
export function noData(symbol: string, timeframe: string): EngineError {
  return new EngineError("DATA-NotFound", `No data found in cache for ${symbol} ${timeframe}`, { symbol, timeframe });
}

/** Writes a price file so that a reader sees the old or the new one, never a half. */
export async function writeBars(dataDir: string, symbol: string, timeframe: string, bars: Bars): Promise<void> {
  await writeFileAtomically(barsPath(dataDir, symbol, timeframe), formatBarsCsv(bars));
}

/** Writes beside the target and renames: two writers at once leave one whole file. Makes missing folders. */
export async function writeFileAtomically(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`;
  await writeFile(draft, content);
  await rename(draft, path);
}

/** Bars with `from <= time <= to` (ms UTC, either open), whatever their order. */
export function sliceBars(bars: Bars, from = -Infinity, to = Infinity): Bars {
  const isInside = (_value: number, i: number): boolean => {
    const time = bars.time[i] ?? Number.NaN;
    return time >= from && time <= to;
  };
  const time = bars.time.filter(isInside);
  return {
    length: time.length,
    time,
    open: bars.open.filter(isInside),
    high: bars.high.filter(isInside),
    low: bars.low.filter(isInside),
    close: bars.close.filter(isInside),
    volume: bars.volume.filter(isInside),
  };
}
