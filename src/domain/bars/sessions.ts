/** When a market is usually open within a day, learnt from its bars; which bars are then missing or too many. */
import { Tally, defectOf, type Defect } from "./defect.ts";
import { DAY_MS, type BarSeries } from "./series.ts";

/** The same minute of the same weekday is looked up in these weeks before and after. */
const WEEKS = [-4, -3, -2, -1, 1, 2, 3, 4] as const;
/** In a short series the same minute is looked up on these days instead. */
const DAYS = [-6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6] as const;
const ENOUGH = 4;
/** The market counts as open when this share of the moments looked up has a bar. */
const OPEN = 0.8;
/** With more than one gap in so many bars, gaps are usual in this market: it has minutes without a trade. */
const RARE = 200;
const LONGER = 10;

export interface ShortHole {
  readonly from: number;
  readonly to: number;
  /** Bars that the market would have had. */
  readonly missing: number;
}

/**
 * Gaps during which the market is usually open all the time. A night, a lunch break, a half day before a night and the
 * hour by which clocks change are no such gaps.
 * @param times milliseconds since 1970, each once, ascending
 * @param longest milliseconds; longer gaps are left to the check that counts days
 */
export function shortHoles(times: Float64Array, step: number, longest: number): ShortHole[] {
  const found: ShortHole[] = [];
  for (let index = 1; index < times.length; index += 1) {
    const [from = 0, to = 0] = [times[index - 1], times[index]];
    if (to - from < 2 * step || to - from >= longest) continue;
    let missing = 0;
    let slot = from + step;
    while (slot <= to - step && isOpen(times, slot)) {
      missing += 1;
      slot += step;
    }
    if (slot > to - step && missing > 0) found.push({ from, to, missing });
  }
  if (found.length <= times.length / RARE) return found;
  const usual = found.map(({ missing }) => missing).toSorted((a, b) => a - b)[found.length >> 1] ?? 0;
  return found.filter(({ missing }) => missing > usual * LONGER);
}

/** Whether the market usually has a bar at this minute of this weekday. */
function isOpen(times: Float64Array, slot: number): boolean {
  const weeks = sharesOf(times, slot, WEEKS, 7 * DAY_MS);
  const [there, known] = weeks[1] >= ENOUGH ? weeks : sharesOf(times, slot, DAYS, DAY_MS);
  return known >= ENOUGH && there / known >= OPEN;
}

/** How many of the moments looked up have a bar, and how many lie inside the series. */
function sharesOf(
  times: Float64Array,
  slot: number,
  steps: readonly number[],
  length: number,
): readonly [there: number, known: number] {
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  const known = steps.map((step) => slot + step * length).filter((time) => time >= first && time <= last);
  return [known.filter((time) => has(times, time)).length, known.length];
}

function has(times: Float64Array, wanted: number): boolean {
  let [low, high] = [0, times.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const time = times[middle] ?? 0;
    if (time === wanted) return true;
    if (time < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}

const NAMES = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
/** A weekday with bars in a larger share of the weeks is a trading day. */
const SELDOM = 0.1;
const FEWEST_WEEKS = 8;

/** Bars on weekdays that hardly ever have any. */
export function closedDays({ time, line }: BarSeries): Defect[] {
  const days = new Map<number, number>();
  for (const [index, moment] of time.entries()) {
    const day = Math.floor(moment / DAY_MS);
    if (!Number.isNaN(day) && !days.has(day)) days.set(day, index);
  }
  const weekdayOf = (day: number): number => (((day + 4) % 7) + 7) % 7;
  const weeks = new Set([...days.keys()].map((day) => Math.floor((day + 4) / 7))).size;
  const counts = NAMES.map((_, weekday) => [...days.keys()].filter((day) => weekdayOf(day) === weekday).length);
  // Weekly and monthly bars begin on any day.
  if (weeks < FEWEST_WEEKS || days.size < 3 * weeks) return [];
  return counts.flatMap((count, weekday) => {
    if (count === 0 || count > weeks * SELDOM) return [];
    const tally = new Tally();
    tally.detail = NAMES[weekday];
    for (const [day, index] of days) if (weekdayOf(day) === weekday) tally.add(time[index] ?? 0, line?.[index]);
    return defectOf("closed_day", tally);
  });
}

/** A price that stands still for fewer bars or less time is a quiet market. */
const STILL_BARS = 10;
const STILL_MS = 5 * DAY_MS;

/** Stretches in which every bar is the same single price. */
export function staleStretches({ time, open, high, low, close, line }: BarSeries): Defect[] {
  const tally = new Tally();
  let longest = 0;
  let start = 0;
  const still = (index: number): boolean => {
    const price = close[index] ?? Number.NaN;
    return price > 0 && open[index] === price && high[index] === price && low[index] === price;
  };
  for (let index = 1; index <= close.length; index += 1) {
    if (index < close.length && still(index) && still(start) && close[index] === close[start]) continue;
    const last = index - 1;
    const span = Math.abs((time[last] ?? 0) - (time[start] ?? 0));
    if (index - start >= STILL_BARS && span >= STILL_MS) {
      if (index - start > longest) {
        longest = index - start;
        tally.detail = `${longest} bars from ${new Date(time[start] ?? 0).toISOString().slice(0, 10)}`;
      }
      for (let at = start; at <= last; at += 1) tally.add(time[at] ?? 0, line?.[at]);
    }
    start = index;
  }
  return defectOf("stale", tally);
}
