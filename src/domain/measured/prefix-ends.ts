/** The last days of the prefixes by which a backtest is measured. */
import type { DateWindow } from "../market-data.ts";

/** Prefixes of one measurement: enough for five years of months. */
export const FEWEST_POINTS = 2;
export const MOST_POINTS = 60;

/** Months between two ends. All of them divide a year, so that each keeps the ends of years. */
const STRIDES = [1, 2, 3, 4, 6, 12];

/**
 * Month ends of a window, then its own last day. When there are more than `most`, every second, third, fourth, sixth or
 * twelfth month is left, counted from December; when there are still more, years are left out evenly.
 * @param from no end lies before this day (YYYY-MM-DD)
 * @param most at least 2
 * @returns days YYYY-MM-DD, ascending, the last one the window's; only that one when no month ends between
 */
export function prefixEnds({ endDate }: DateWindow, from: string, most: number): string[] {
  const months = monthEnds(from, endDate);
  const room = most - 1;
  const spread = STRIDES.map((stride) => months.filter((end) => monthOf(end) % stride === 0));
  const kept = spread.find(({ length }) => length <= room) ?? evenly(spread.at(-1) ?? [], room);
  return [...(kept.length === 0 ? evenly(months, room) : kept), endDate];
}

/** The last days of the months from `from` on, before `until`. */
function monthEnds(from: string, until: string): string[] {
  const ends: string[] = [];
  for (let [year, month] = [Number(from.slice(0, 4)), monthOf(from)]; ; month += 1) {
    const end = new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
    if (end >= until) return ends;
    ends.push(end);
  }
}

/** 1 is January. */
const monthOf = (day: string): number => Number(day.slice(5, 7));

/** At most so many of a list, at equal distances from each other and from both ends. */
export function evenly<T>(values: readonly T[], most: number): readonly T[] {
  if (values.length <= most) return values;
  return Array.from({ length: most }, (_, at) => Math.round(((at + 1) * (values.length + 1)) / (most + 1)) - 1).flatMap(
    (index) => values.slice(index, index + 1),
  );
}
