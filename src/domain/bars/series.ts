/** Bars as columns, in the order in which KTRDR reads them. All checks of bars work on this form. */

const MINUTE = 60_000;
export const DAY_MS = 1_440 * MINUTE;

/** Milliseconds of a bar; for a month, those of the shortest one. */
const STEP: Readonly<Record<string, number>> = {
  "1m": MINUTE,
  "5m": 5 * MINUTE,
  "15m": 15 * MINUTE,
  "30m": 30 * MINUTE,
  "1h": 60 * MINUTE,
  "2h": 120 * MINUTE,
  "4h": 240 * MINUTE,
  "1d": DAY_MS,
  "1w": 7 * DAY_MS,
  "1M": 28 * DAY_MS,
};

/** Milliseconds of a bar of this timeframe; a day when it is not known. */
export const stepOf = (timeframe: string): number => STEP[timeframe] ?? DAY_MS;

export interface BarSeries {
  readonly timeframe: string;
  /** Milliseconds since 1970 UTC; NaN where KTRDR cannot read the stamp. All columns have the same length. */
  readonly time: Float64Array;
  /** NaN where there is no number. */
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  /** 1-based line of each bar in its file; null when the bars did not come from a file. */
  readonly line: Int32Array | null;
}

/** @param bars times as ISO-8601 with rows of open, high, low, close and volume, as KTRDR answers them. */
export function seriesOf(
  timeframe: string,
  bars: { readonly times: readonly string[]; readonly ohlcv: readonly (readonly number[])[] },
  toMs: (stamp: string) => number,
): BarSeries {
  const column = (place: number) => Float64Array.from(bars.ohlcv, (row) => row[place] ?? Number.NaN);
  return {
    timeframe,
    time: Float64Array.from(bars.times, toMs),
    open: column(0),
    high: column(1),
    low: column(2),
    close: column(3),
    volume: column(4),
    line: null,
  };
}
