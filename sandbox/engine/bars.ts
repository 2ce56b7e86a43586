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
 * Milliseconds UTC of an ISO date or date-time; a text without zone is UTC (docs/ktrdr.md §4.1). A bare date is
 * midnight at the start of that day (docs/ktrdr.md §2.2). Throws `DATA-InvalidDate`.
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

/** `2000-01-03T00:00:00Z`, the stamp of the price files (docs/ktrdr.md §10.11). */
export function formatStamp(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/** The error of a series that does not exist or has no bar in the window. */
export function noData(symbol: string, timeframe: string): EngineError {
  return new EngineError("DATA-NotFound", `No data found in cache for ${symbol} ${timeframe}`, { symbol, timeframe });
}

/** Bars with `from <= time <= to` (ms UTC, either open), whatever their order. A bar without a time is in no window. */
export function sliceBars(bars: Bars, from?: number, to?: number): Bars {
  if (from === undefined && to === undefined) return bars;
  const isInside = (_value: number, i: number): boolean => {
    const time = bars.time[i] ?? Number.NaN;
    return time >= (from ?? -Infinity) && time <= (to ?? Infinity);
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
