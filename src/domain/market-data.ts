/** Symbols, timeframes, dates and bars as KTRDR knows them (docs/ktrdr.md §1.4, §4.1). Zod-free. */

/** Timeframes KTRDR accepts in requests, shortest first. `1M` is a month, `1m` a minute. */
export const TIMEFRAMES = ["1m", "5m", "15m", "30m", "1h", "2h", "4h", "1d", "1w", "1M"] as const;

export type Timeframe = (typeof TIMEFRAMES)[number];

export function isTimeframe(value: unknown): value is Timeframe {
  return TIMEFRAMES.some((timeframe) => timeframe === value);
}

/**
 * Symbols that KTRDR can store and find again. KTRDR also allows `_`, but cuts file names there and then lists half of
 * the symbol (docs/ktrdr.md §2.2), so it is refused here.
 */
export const SYMBOL_PATTERN = /^[A-Za-z0-9][A-Za-z0-9.-]{0,19}$/;

export function isSymbol(value: unknown): value is string {
  return typeof value === "string" && SYMBOL_PATTERN.test(value);
}

/**
 * Why KTRDR cannot use a price file of this symbol, and which name it can use; null for a good name. KTRDR's loader
 * takes letters, digits, `.`, `-` and `_`, its list cuts names at `_`, and its API looks for upper case.
 */
export function symbolAdvice(symbol: string): string | null {
  const storable = SYMBOL_PATTERN.test(symbol);
  if (storable && symbol === symbol.toUpperCase()) return null;
  const name = symbol
    .toUpperCase()
    .replace(/=[A-Z]$/, "")
    .replaceAll(/[^A-Z0-9.-]/g, "")
    .replace(/^[.-]+/, "")
    .slice(0, 20);
  const why = storable
    ? "KTRDR's API looks for upper case"
    : /^[\w.-]+$/.test(symbol) && symbol.includes("_")
      ? "KTRDR cuts the names of price files at underscores"
      : "KTRDR takes 1-20 letters, digits, . and - for a symbol";
  return name === "" ? `${why}.` : `${why}: name the price file ${name}_<timeframe>.csv and ask for ${name}.`;
}

/** What strategies are checked on of one bar. */
export interface Bar {
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** Bars out of the rows that KTRDR sends: open, high, low, close and volume. */
export const toBars = (ohlcv: readonly (readonly [number, number, number, number, number])[]): Bar[] =>
  ohlcv.map(([, high, low, close]) => ({ high, low, close }));

/** What KTRDR holds for a symbol and timeframe (`POST /data/range`). */
export interface DataRange {
  readonly symbol: string;
  readonly timeframe: string;
  /** ISO-8601 of the first and last bar. */
  readonly startDate: string;
  readonly endDate: string;
  readonly points: number;
}

/** First and last day, both inclusive: ISO dates (YYYY-MM-DD), UTC. */
export interface DateWindow {
  readonly startDate: string;
  readonly endDate: string;
}

const ISO_DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

/** True for a calendar date YYYY-MM-DD that exists (2015-02-29 does not). */
export function isIsoDate(value: unknown): value is string {
  if (typeof value !== "string" || !ISO_DATE.test(value)) return false;
  const time = Date.parse(`${value}T00:00:00Z`);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(value);
}

/** Milliseconds since 1970 of an ISO-8601 stamp or date; stamps without an offset are UTC. NaN when unreadable. */
export function toEpochMs(stamp: string): number {
  const text = stamp.trim().replace(" ", "T");
  const withTime = text.includes("T") ? text : `${text}T00:00:00`;
  return Date.parse(/(?:Z|[+-]\d{2}:?\d{2})$/.test(withTime) ? withTime : `${withTime}Z`);
}

const DAY_MS = 86_400_000;

/** Milliseconds from the start of the first day to the end of the last one. */
export function spanOf({ startDate, endDate }: DateWindow): number {
  return toEpochMs(endDate) - toEpochMs(startDate) + DAY_MS;
}

/** How a window lies in the stored bars. */
export type Coverage = "inside" | "starts_early" | "ends_late" | "wider" | "outside" | "reversed";

/** Slack for weekends and holidays at either end. */
const EDGE_MS = 5 * DAY_MS;

export function coverageOf(window: DateWindow, range: DataRange): Coverage {
  const [start, end] = [toEpochMs(window.startDate), toEpochMs(window.endDate)];
  const [first, last] = [toEpochMs(range.startDate), toEpochMs(range.endDate)];
  if (start > end) return "reversed";
  if (end + DAY_MS <= first || start > last) return "outside";
  const early = start < first - EDGE_MS;
  const late = end > last + EDGE_MS;
  if (early && late) return "wider";
  return early ? "starts_early" : late ? "ends_late" : "inside";
}

/** True when two windows share a day. */
export function overlaps(a: DateWindow, b: DateWindow): boolean {
  const day = (stamp: string) => stamp.slice(0, 10);
  return day(a.startDate) <= day(b.endDate) && day(b.startDate) <= day(a.endDate);
}
