/**
 * A price file as KTRDR's loader understands it, which is not always what its writer meant (contract §2.2, §10.11): the
 * first column is the time, names of columns in any case, missing ones filled, rows in the order of the file.
 */
import { toEpochMs } from "../domain/market-data.ts";
import { Tally, defectOf, type Defect } from "../domain/bars/defect.ts";
import type { BarSeries } from "../domain/bars/series.ts";

export interface PriceRows {
  readonly series: BarSeries;
  /** What is wrong with the file as a whole; its bars may then be none. */
  readonly ofFile: readonly Defect[];
}

const PRICES = ["open", "high", "low", "close"] as const;
const COLUMNS = [...PRICES, "volume"] as const;
/** Lines that are read in one go: some ten milliseconds. */
export const LINES_AT_ONCE = 8_000;

/** What pandas takes for "no value". */
const NO_VALUE = new Set(["", "nan", "null", "none", "na", "n/a", "#n/a", "<na>", "-nan", "#na"]);
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const ENDLESS = /^[+-]?inf(?:inity)?$/i;

/** Hands over to other work now and then. @param text the whole file */
export async function priceRows(text: string, timeframe: string, breathe: () => Promise<unknown>): Promise<PriceRows> {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const header = cellsOf(lines[0] ?? "").map((name) => name.trim().toLowerCase());
  const whole = faultOfHeader(lines, header);
  if (whole !== null) return { series: emptySeries(timeframe), ofFile: [whole] };
  const columns = new Columns(header, lines, dateForm(lines));
  for (let at = 1; at < lines.length; at += 1) {
    if ((lines[at] ?? "").trim() !== "" && !columns.take(lines[at] ?? "", at)) {
      const ragged = fault("unreadable_file", at + 1, `line ${at + 1} has more columns than the first`);
      return { series: emptySeries(timeframe), ofFile: [ragged] };
    }
    if (at % LINES_AT_ONCE === 0) await breathe();
  }
  const series = columns.series(timeframe);
  if (series.time.length === 0) return { series, ofFile: [fault("unreadable_file", null, "it has no bars")] };
  return { series, ofFile: columns.defects(header) };
}

const fault = (kind: Defect["kind"], line: number | null, detail: string): Defect => ({ kind, at: [], line, detail });

/** Nearly every line has no quotes. */
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

type DateForm = "iso" | "numbers" | "month_first" | "day_first";

const SLASHED = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T](.*))?$/;

/** KTRDR goes by the first row. */
function dateForm(lines: readonly string[]): DateForm {
  const [stamp = ""] = cellsOf(lines.find((line, index) => index > 0 && line.trim() !== "") ?? "");
  if (/^\d{9,19}$/.test(stamp.trim()) || /^\d{1,7}$/.test(stamp.trim())) return "numbers";
  const slashed = SLASHED.exec(stamp.trim());
  if (slashed === null) return "iso";
  return Number(slashed[1]) > 12 ? "day_first" : "month_first";
}

const ISO = /^\d{4}[-/]\d{2}[-/]\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:Z|[+-]\d{2}:?\d{2})?$/;
const COMPACT = /^(\d{4})(\d{2})(\d{2})$/;

/** What KTRDR writes itself: `2020-01-31T09:00:00Z`. Most files have nothing else, and a day has many bars. */
const PLAIN = /^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;
const two = (text: string, at: number): number => (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;

function createClock(form: DateForm): (stamp: string) => number {
  let [day, midnight] = ["", Number.NaN];
  return (stamp) => {
    if (form !== "iso" || stamp.length !== 20 || !PLAIN.test(stamp)) return timeOf(stamp, form);
    const date = stamp.slice(0, 10);
    if (date !== day) [day, midnight] = [date, realTime(date)];
    return midnight + (two(stamp, 11) * 3_600 + two(stamp, 14) * 60 + two(stamp, 17)) * 1_000;
  };
}

/** ms since 1970 UTC as KTRDR reads it; NaN where it cannot. */
function timeOf(stamp: string, form: DateForm): number {
  if (form === "numbers") return /^\d+$/.test(stamp) ? Number(stamp) / 1e6 : Number.NaN;
  const compact = COMPACT.exec(stamp);
  if (compact !== null) return toEpochMs(`${compact[1]}-${compact[2]}-${compact[3]}`);
  if (ISO.test(stamp)) return realTime(stamp.replaceAll("/", "-"));
  const slashed = SLASHED.exec(stamp);
  if (slashed === null) return Number.NaN;
  const [, a = "", b = "", year = "", clock = "00:00"] = slashed;
  const [month, day] = form === "day_first" ? [b, a] : [a, b];
  return realTime(`${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}T${clock.padStart(5, "0")}`);
}

/** NaN for the 31st of February, which JavaScript would take for the 3rd of March. */
function realTime(stamp: string): number {
  const midnight = Date.parse(`${stamp.slice(0, 10)}T00:00:00Z`);
  if (!Number.isFinite(midnight) || new Date(midnight).toISOString().slice(0, 10) !== stamp.slice(0, 10))
    return Number.NaN;
  return toEpochMs(stamp);
}

/** Grows with the file; sized for as many bars as it has lines. */
class Columns {
  readonly #places: readonly number[];
  readonly #width: number;
  readonly #form: DateForm;
  readonly #clock: (stamp: string) => number;
  readonly #data: readonly Float64Array[];
  readonly #line: Int32Array;
  readonly #words = new Tally();
  readonly #example: string;
  #bars = 0;

  constructor(header: readonly string[], lines: readonly string[], form: DateForm) {
    const first = header.findIndex((name, index) => index > 0 && (PRICES as readonly string[]).includes(name));
    this.#places = COLUMNS.map((name) => {
      const place = header.indexOf(name, 1);
      return place > 0 || name === "volume" ? place : first;
    });
    this.#width = header.length;
    this.#form = form;
    this.#clock = createClock(form);
    this.#data = Array.from({ length: COLUMNS.length + 1 }, () => new Float64Array(lines.length));
    this.#line = new Int32Array(lines.length);
    this.#example = (cellsOf(lines[1] ?? "")[0] ?? "").slice(0, 20);
  }

  /** @param at 0-based line. @returns false when KTRDR could not read the file for this line. */
  take(line: string, at: number): boolean {
    const cells = cellsOf(line);
    if (cells.length > this.#width) return false;
    const bar = this.#bars++;
    const [times] = this.#data;
    const time = this.#clock((cells[0] ?? "").trim());
    if (times !== undefined) times[bar] = time;
    this.#line[bar] = at + 1;
    let wordy = false;
    this.#places.forEach((place, index) => {
      const text = place < 0 ? "0" : (cells[place] ?? "").trim();
      const value = numberOf(text);
      wordy ||= value === null;
      const column = this.#data[index + 1];
      // KTRDR writes -1 for the volume of currencies and reads it as 0.
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

  defects(header: readonly string[]): Defect[] {
    const missing = COLUMNS.filter((name) => header.indexOf(name, 1) < 0);
    const split = header[0] === "date" && header.indexOf("time") > 0;
    return [
      ...(missing.length === 0 ? [] : [fault("missing_columns", 1, missing.join(", "))]),
      ...(split ? [fault("time_in_a_column", 1, "")] : []),
      ...(this.#form.endsWith("_first") ? [fault("day_or_month_first", 2, this.#example)] : []),
      ...defectOf("text_for_numbers", this.#words),
    ];
  }
}

type Six = [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];

/** Null for what is a word to KTRDR. */
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
