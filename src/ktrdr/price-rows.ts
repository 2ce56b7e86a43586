/**
 * A price file as KTRDR's loader reads it, which is not always what its author meant (docs/ktrdr.md §2.2, §10.11): the
 * first column is the time, names of columns may be in upper or lower case, missing columns are filled, and rows keep
 * their order.
 */
import { Tally, defectOf, type Defect } from "../domain/bars/defect.ts";
import type { BarSeries } from "../domain/bars/series.ts";
import { createStamps, NAMES_OF_TIMES, type Stamps } from "./price-stamps.ts";

export interface PriceRows {
  readonly series: BarSeries;
  /** Defects of the file as a whole; it may then have no bars. */
  readonly ofFile: readonly Defect[];
}

const PRICES = ["open", "high", "low", "close"] as const;
const COLUMNS = [...PRICES, "volume"] as const;
/** So many lines are read without a break: some ten milliseconds. */
export const LINES_AT_ONCE = 8_000;

/** Texts that pandas reads as no value. */
const NO_VALUE = new Set(["", "nan", "null", "none", "na", "n/a", "#n/a", "<na>", "-nan", "#na"]);
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const ENDLESS = /^[+-]?inf(?:inity)?$/i;

/** Calls `breathe` now and then, so that other work can run. @param text the whole file */
export async function priceRows(text: string, timeframe: string, breathe: () => Promise<unknown>): Promise<PriceRows> {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  const header = cellsOf(lines[0] ?? "").map((name) => name.trim().toLowerCase());
  const whole = faultOfHeader(lines, header);
  if (whole !== null) return { series: emptySeries(timeframe), ofFile: [whole] };
  const columns = new Columns(header, lines, createStamps(firstStamp(lines)));
  for (let at = 1; at < lines.length; at += 1) {
    if ((lines[at] ?? "").trim() !== "" && !columns.take(lines[at] ?? "", at)) {
      const ragged = fault("unreadable_file", at + 1, `line ${at + 1} has more columns than the first`);
      return { series: emptySeries(timeframe), ofFile: [ragged] };
    }
    if (at % LINES_AT_ONCE === 0) await breathe();
  }
  const series = columns.series(timeframe);
  if (series.time.length === 0) return { series, ofFile: [fault("unreadable_file", null, "it has no bars")] };
  const [name = ""] = cellsOf((lines[0] ?? "").replace(/^\uFEFF/, ""));
  if (columns.timesAreMadeUp(name.trim())) {
    return {
      series: emptySeries(timeframe),
      ofFile: [fault("made_up_times", 1, name.trim().slice(0, 40) || "without a name")],
    };
  }
  return { series, ofFile: columns.defects(header) };
}

const fault = (kind: Defect["kind"], line: number | null, detail: string): Defect => ({ kind, at: [], line, detail });

/** The cells of a line; nearly every line has no quotes. */
function cellsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(",");
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((cell) => cell[1] ?? cell[2] ?? "");
}

function faultOfHeader(lines: readonly string[], header: readonly string[]): Defect | null {
  const [first = ""] = lines;
  if (lines.every((line) => line.trim() === "")) return fault("unreadable_file", null, "it is empty");
  const separator = [";", "\t", "|"].find((sign) => first.includes(sign) && header.length < 3);
  if (separator !== undefined) {
    const sign = separator === "\t" ? "tabs" : `"${separator}"`;
    return fault("separator", 1, /\d,\d/.test(lines[1] ?? "") ? `${sign}, and numbers have decimal commas` : sign);
  }
  const named = header.some((name) => (COLUMNS as readonly string[]).includes(name));
  if (!named && header.slice(1).some((name) => NUMBER.test(name))) return fault("no_header", 1, "");
  if (!PRICES.some((name) => header.indexOf(name) > 0)) {
    return fault("missing_columns", 1, `for prices; it has ${header.slice(0, 8).join(", ").slice(0, 80)}`);
  }
  return null;
}

/** The first row's stamp, by which KTRDR reads all others. */
function firstStamp(lines: readonly string[]): string {
  return (cellsOf(lines.find((line, index) => index > 0 && line.trim() !== "") ?? "")[0] ?? "").trim();
}

/** The columns of a file, sized for as many bars as it has lines. */
class Columns {
  readonly #places: readonly number[];
  readonly #width: number;
  readonly #stamps: Stamps;
  readonly #data: readonly Float64Array[];
  readonly #line: Int32Array;
  readonly #words = new Tally();
  readonly #sold = new Tally();
  readonly #example: string;
  #untimed = 0;
  #bars = 0;

  constructor(header: readonly string[], lines: readonly string[], stamps: Stamps) {
    const first = header.findIndex((name, index) => index > 0 && (PRICES as readonly string[]).includes(name));
    this.#places = COLUMNS.map((name) => {
      const place = header.indexOf(name, 1);
      return place > 0 || name === "volume" ? place : first;
    });
    this.#width = header.length;
    this.#stamps = stamps;
    this.#data = Array.from({ length: COLUMNS.length + 1 }, () => new Float64Array(lines.length));
    this.#line = new Int32Array(lines.length);
    this.#example = (cellsOf(lines[1] ?? "")[0] ?? "").slice(0, 20);
  }

  /** @param at 0-based line. @returns false when this line keeps KTRDR from reading the file */
  take(line: string, at: number): boolean {
    const cells = cellsOf(line);
    if (cells.length > this.#width) return false;
    const bar = this.#bars++;
    const [times] = this.#data;
    const time = this.#stamps.timeOf((cells[0] ?? "").trim());
    if (Number.isNaN(time)) this.#untimed += 1;
    if (times !== undefined) times[bar] = time;
    this.#line[bar] = at + 1;
    let wordy = false;
    this.#places.forEach((place, index) => {
      const text = place < 0 ? "0" : (cells[place] ?? "").trim();
      const value = numberOf(text);
      wordy ||= value === null;
      const column = this.#data[index + 1];
      // KTRDR writes -1 for the volume of currencies, and reads every negative one as 0.
      if (index === 4 && value !== null && value < 0 && value !== -1) this.#sold.add(time, at + 1);
      if (column !== undefined) column[bar] = index === 4 ? Math.max(0, value ?? Number.NaN) : (value ?? Number.NaN);
    });
    if (wordy) this.#words.add(time, at + 1);
    return true;
  }

  series(timeframe: string): BarSeries {
    const column = (index: number) => (this.#data[index] ?? new Float64Array(0)).subarray(0, this.#bars);
    const [time, open, high, low, close, volume] = [0, 1, 2, 3, 4, 5].map(column) as Six;
    return { timeframe, time, open, high, low, close, volume, line: this.#line.subarray(0, this.#bars) };
  }

  /** When the times have several forms, KTRDR makes up times unless it knows the column's name. */
  timesAreMadeUp(name: string): boolean {
    const { offsets, form } = this.#stamps;
    return !NAMES_OF_TIMES.has(name) && (this.#untimed > 0 || offsets.size > 1 || form === "numbers");
  }

  defects(header: readonly string[]): Defect[] {
    const missing = COLUMNS.filter((name) => header.indexOf(name, 1) < 0);
    const split = header[0] === "date" && header.indexOf("time") > 0;
    return [
      ...(missing.length === 0 ? [] : [fault("missing_columns", 1, missing.join(", "))]),
      ...(split ? [fault("time_in_a_column", 1, "")] : []),
      ...(this.#stamps.form === "ambiguous" ? [fault("day_or_month_first", 2, this.#example)] : []),
      ...(this.#stamps.droppedZone === null ? [] : [fault("zone_dropped", 2, this.#stamps.droppedZone)]),
      ...defectOf("text_for_numbers", this.#words),
      ...defectOf("negative_volume", this.#sold),
    ];
  }
}

type Six = [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];

/** Null for a text that KTRDR does not read as a number. */
function numberOf(text: string): number | null {
  if (NUMBER.test(text)) return Number(text);
  if (NO_VALUE.has(text.toLowerCase())) return Number.NaN;
  if (ENDLESS.test(text)) return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return null;
}

function emptySeries(timeframe: string): BarSeries {
  const none = new Float64Array(0);
  return { timeframe, time: none, open: none, high: none, low: none, close: none, volume: none, line: null };
}
