/** A market's calendar, learnt from its bars: when it is open, which bars are missing, which moves are impossible. */
import { defectOf, Tally, type Defect } from "./defect.ts";
import { DAY_MS, stepOf, type BarSeries } from "./series.ts";
import { closedDays, shortHoles, staleStretches } from "./sessions.ts";

/**
 * So many trading days in a row may be missing: the longest holidays (a Chinese New Year, a week of mourning) close a
 * market for 7. More are a hole. A market that is open on every day of the week has no holidays.
 */
const LONGEST_HOLIDAY = 7;
/** Of bars that last a week or longer, so many in a row may be missing. */
const LONG_BARS = 1;
/** A weekday counts as a trading day when it has bars in this share of the weeks. */
const USUAL = 0.5;

export interface Hole {
  /** Milliseconds since 1970 of the last bar before the hole and the first bar after it. */
  readonly from: number;
  readonly to: number;
  /** Bars that the market would have had. */
  readonly missing: number;
}

/** The times that can be read, each once, ascending. */
export function timesOf(time: ArrayLike<number>): Float64Array {
  const all = Float64Array.from(time);
  // Most series are ascending already.
  if (all.every((value, index) => index === 0 || value > (all[index - 1] ?? value))) return all;
  const known = all.filter((value) => !Number.isNaN(value)).sort();
  return known.filter((value, index) => index === 0 || value !== known[index - 1]);
}

/**
 * Stretches without bars that no weekend and no holiday explains.
 * @param times ms since 1970, each once, ascending
 */
export function holesIn(times: Float64Array, timeframe: string): Hole[] {
  const step = stepOf(timeframe);
  if (times.length < 3) return [];
  if (step > DAY_MS) return longBarHoles(times, step);
  const open = tradingDays(times);
  const daysAWeek = open.filter(Boolean).length;
  const allowed = daysAWeek === 7 ? 0 : LONGEST_HOLIDAY;
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  const holes: Hole[] = [];
  for (let index = 1; index < times.length; index += 1) {
    const [from = 0, to = 0] = [times[index - 1], times[index]];
    if (to - from <= Math.max(step, allowed * DAY_MS)) continue;
    const days = daysBetween(from, to, open, daysAWeek);
    if (days > allowed) holes.push({ from, to, missing: days });
  }
  // A missing trading day would have had as many bars as the others have on average.
  const lost = holes.reduce((sum, hole) => sum + hole.missing, 0);
  const days = Math.max(1, daysBetween(first - DAY_MS, last + DAY_MS, open, daysAWeek) - lost);
  const whole = holes.map((hole) => ({ ...hole, missing: Math.round((hole.missing * times.length) / days) }));
  if (step >= DAY_MS) return whole;
  // In a market that never closes, a gap of any length is a hole.
  const short = shortHoles(times, step, daysAWeek === 7 ? Number.POSITIVE_INFINITY : DAY_MS);
  const known = new Set(whole.map(({ from }) => from));
  return [...whole, ...short.filter(({ from }) => !known.has(from))].toSorted((a, b) => a.from - b.from);
}

function longBarHoles(times: Float64Array, step: number): Hole[] {
  const holes: Hole[] = [];
  for (let index = 1; index < times.length; index += 1) {
    const [from = 0, to = 0] = [times[index - 1], times[index]];
    // Months differ in length: a bar may come late by half its length.
    const missing = Math.round((to - from) / (step * 1.09)) - 1;
    if (missing > LONG_BARS) holes.push({ from, to, missing });
  }
  return holes;
}

/** For each weekday in UTC (0 is Sunday) whether the market usually has bars on it. */
function tradingDays(times: Float64Array): boolean[] {
  const seen = Array.from({ length: 7 }, () => 0);
  const weeks = new Set<number>();
  let latest = Number.NaN;
  for (const time of times) {
    const day = Math.floor(time / DAY_MS);
    if (day === latest) continue;
    latest = day;
    // 1970-01-01 was a Thursday.
    const weekday = (((day + 4) % 7) + 7) % 7;
    seen[weekday] = (seen[weekday] ?? 0) + 1;
    weeks.add(Math.floor((day + 4) / 7));
  }
  return seen.map((count) => count >= USUAL * weeks.size);
}

/** Trading days strictly between the days of two instants. */
function daysBetween(from: number, to: number, open: readonly boolean[], daysAWeek: number): number {
  const [first, last] = [Math.floor(from / DAY_MS) + 1, Math.floor(to / DAY_MS)];
  const weeks = Math.max(0, Math.floor((last - first) / 7));
  let days = weeks * daysAWeek;
  for (let day = first + weeks * 7; day < last; day += 1) days += open[(((day + 4) % 7) + 7) % 7] === true ? 1 : 0;
  return days;
}

export function calendarDefects(series: BarSeries): Defect[] {
  const times = timesOf(series.time);
  const holes = holesIn(times, series.timeframe);
  const hole: Defect[] =
    holes.length === 0
      ? []
      : [
          {
            kind: "hole",
            at: holes.map(({ from }) => from),
            until: holes.map(({ to }) => to),
            line: null,
            detail: String(holes.reduce((sum, { missing }) => sum + missing, 0)),
          },
        ];
  return [...wrongTimes(series, times), ...hole, ...jumps(series), ...closedDays(series), ...staleStretches(series)];
}

/** Bars that are so many times further apart than their timeframe belong to another timeframe. */
const FAR_APART = 4;
/** Seconds, milliseconds and microseconds that KTRDR reads as nanoseconds (docs/ktrdr.md §2.2) lie before this. */
const EARLIEST = 30 * DAY_MS;

function wrongTimes({ timeframe, time, line }: BarSeries, times: Float64Array): Defect[] {
  const [last] = times.slice(-1);
  if (last !== undefined && last < EARLIEST) return [{ kind: "numbers_for_times", at: [], line: line?.[0] ?? null }];
  if (times.length < 10) return [];
  const gaps = times.slice(1).map((value, index) => value - (times[index] ?? 0));
  const usual = gaps.toSorted()[gaps.length >> 1] ?? 0;
  const ratio = usual / stepOf(timeframe);
  if (ratio < FAR_APART && ratio > 0.6) return [];
  return [{ kind: "other_timeframe", at: time, line: null, detail: spanText(usual) }];
}

function spanText(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes % 1_440 === 0 && minutes > 0) return `${minutes / 1_440} d`;
  return minutes % 60 === 0 && minutes > 0 ? `${minutes / 60} h` : `${minutes} min`;
}

/** The smallest jump that is reported: a two-for-one split halves a price. */
const JUMP = Math.log(1.8);
/** A jump is also so many times the usual move of a bar. */
const UNUSUAL = 10;
const SAMPLE = 2_000;

/** Bars whose close is so far from the one before that it looks like a split, another contract or a wrong tick. */
function jumps({ time, close, line }: BarSeries): Defect[] {
  const newestFirst = (time[0] ?? 0) > (time.at(-1) ?? 0);
  const move = (index: number): number => {
    const [before = Number.NaN, now = Number.NaN] = [close[index - 1], close[index]];
    // Where two downloads meet out of order, prices of distant days are neighbours.
    const inOrder = newestFirst
      ? (time[index] ?? 0) < (time[index - 1] ?? 0)
      : (time[index] ?? 0) > (time[index - 1] ?? 0);
    return inOrder && before > 0 && now > 0 ? Math.abs(Math.log(now / before)) : Number.NaN;
  };
  const every = Math.max(1, Math.floor(close.length / SAMPLE));
  const sample = Array.from({ length: Math.floor((close.length - 1) / every) }, (_, index) => move(1 + index * every));
  const sorted = sample.filter((value) => Number.isFinite(value)).toSorted((a, b) => a - b);
  const least = Math.max(JUMP, UNUSUAL * (sorted[sorted.length >> 1] ?? 0));
  const tally = new Tally();
  for (let index = 1; index < close.length; index += 1) {
    if (!(move(index) >= least)) continue;
    const ratio = (close[index] ?? 1) / (close[index - 1] ?? 1);
    tally.detail ??= ratio < 1 ? `${((ratio - 1) * 100).toFixed(0)} %` : `x${ratio.toFixed(1)}`;
    tally.add(time[index] ?? Number.NaN, line?.[index]);
  }
  return defectOf("jump", tally);
}
