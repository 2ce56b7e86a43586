import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { barAt, barsFrom, formatStamp, noData, type Bar, type Bars } from "./bars.ts";
import { stampReader } from "./csv-stamps.ts";
import { EngineError } from "./errors.ts";

const COLUMNS = ["open", "high", "low", "close", "volume"] as const;

/** Texts that KTRDR's loader (pandas) takes for a missing number. */
const MISSING = new Set([
  "",
  "nan",
  "-nan",
  "na",
  "n/a",
  "<na>",
  "null",
  "none",
  "#n/a",
  "#na",
  "1.#ind",
  "-1.#ind",
  "1.#qnan",
  "-1.#qnan",
]);

/** The price that KTRDR's loader makes up when a file has no price column at all. */
const MADE_UP_PRICE = 100;

/**
 * Reads a price file's text into columns as KTRDR's loader does. Any order of rows and columns, any case of names and
 * more columns are read; copies and holes stay. A missing price column is the first one there is. A missing or negative
 * volume is 0. A cell that is no number and a stamp that cannot be read are NaN. Undefined when the loader gives up: no
 * rows, or a row with more cells than the header.
 */
export function parseBarsCsv(text: string): Bars | undefined {
  const lines = linesOf(text);
  const header = (lines[0] ?? "").split(",").map((name) => name.trim().toLowerCase());
  const rows = lines.slice(1).map((line) => line.split(","));
  if (rows.length === 0 || rows.some((cells) => cells.length > header.length)) return undefined;
  const fallback = header.findIndex((name, index) => index > 0 && ["open", "high", "low", "close"].includes(name));
  const places = COLUMNS.map((name) => {
    const place = header.indexOf(name);
    return place >= 0 || name === "volume" ? place : fallback;
  });
  const timeOf = stampReader(
    (lines[0] ?? "").split(",")[0]?.trim() ?? "",
    rows.map((cells) => cells[0] ?? ""),
  );
  return barsFrom(
    rows.map((cells, row): Bar => {
      const number = (index: number): number => {
        const place = places[index] ?? -1;
        if (place < 0) return index === 4 ? 0 : MADE_UP_PRICE;
        return numberIn(cells[place] ?? "");
      };
      const volume = number(4);
      return {
        time: timeOf(row),
        open: number(0),
        high: number(1),
        low: number(2),
        close: number(3),
        volume: volume < 0 ? 0 : volume,
      };
    }),
  );
}

function numberIn(cell: string): number {
  const text = cell.trim().toLowerCase();
  if (MISSING.has(text)) return Number.NaN;
  const infinite = /^([+-]?)inf(?:inity)?$/.exec(text);
  return infinite === null ? Number(text) : infinite[1] === "-" ? -Infinity : Infinity;
}

function linesOf(text: string): string[] {
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim().length > 0);
}

/** The stamps of the first and the last row as they are written; undefined when the file cannot be read. */
export async function readEnds(
  dataDir: string,
  symbol: string,
  timeframe: string,
): Promise<{ readonly first: string; readonly last: string } | undefined> {
  const text = await readFile(barsPath(dataDir, symbol, timeframe), "utf8");
  const rows = linesOf(text).slice(1);
  const stamp = (line: string | undefined): string => (line ?? "").split(",")[0]?.trim() ?? "";
  return parseBarsCsv(text) === undefined ? undefined : { first: stamp(rows[0]), last: stamp(rows.at(-1)) };
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

/**
 * `<dataDir>/<SYMBOL>_<timeframe>.csv`; refuses names that are not plain (docs/ktrdr.md §4.1), `INPUT-InvalidSymbol`.
 */
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
  const bars = parseBarsCsv(text);
  if (bars === undefined) throw noData(symbol, timeframe);
  return bars;
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
