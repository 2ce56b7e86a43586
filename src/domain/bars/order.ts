/** Bars out of order, and repeated bars. KTRDR neither sorts nor drops any: it computes on them as they stand. */
import { defectOf, Tally, type Defect } from "./defect.ts";
import { DAY_MS, stepOf, type BarSeries } from "./series.ts";

export function orderDefects(series: BarSeries): Defect[] {
  const { time, line } = series;
  let [down, up] = [0, 0];
  for (let index = 1; index < time.length; index += 1) {
    const [before = 0, now = 0] = [time[index - 1], time[index]];
    if (now < before) down += 1;
    else if (now > before) up += 1;
  }
  if (down === 0 && up === time.length - 1) return [];
  const newestFirst = down > up;
  const reversed: Defect[] = newestFirst ? [{ kind: "newest_first", at: time, line: line?.[0] ?? null }] : [];
  return [...reversed, ...repeated(series, newestFirst)];
}

/** Bars whose time has occurred before, and bars that come after newer ones. */
function repeated(series: BarSeries, backwards: boolean): Defect[] {
  const { time, line } = series;
  const [unsorted, duplicate, conflict, overlap] = [new Tally(), new Tally(), new Tally(), new Tally()];
  const firstAt = new Map<number, number>();
  const differing: number[] = [];
  let latest = Number.NEGATIVE_INFINITY;
  for (let step = 0; step < time.length; step += 1) {
    const index = backwards ? time.length - 1 - step : step;
    const now = time[index] ?? Number.NaN;
    if (Number.isNaN(now)) continue;
    const known = firstAt.get(now);
    if (known === undefined) {
      firstAt.set(now, index);
      if (now < latest) unsorted.add(now, line?.[index]);
      else latest = now;
      continue;
    }
    const same = sameBar(series, known, index);
    if (!same) differing.push(now);
    const beside = time[index + (backwards ? 1 : -1)] === now;
    (!beside ? overlap : same ? duplicate : conflict).add(now, line?.[index]);
  }
  const hour = doubledHour(series, [...overlap.at, ...duplicate.at, ...conflict.at], differing);
  if (hour !== null) return [hour, ...defectOf("unsorted", unsorted)];
  return [
    ...defectOf("overlap", overlap),
    ...defectOf("duplicate", duplicate),
    ...defectOf("conflict", conflict),
    ...defectOf("unsorted", unsorted),
  ];
}

function sameBar({ open, high, low, close }: BarSeries, a: number, b: number): boolean {
  return [open, high, low, close].every((column) => Object.is(column[a], column[b]));
}

/** Months (0 is January) in which clocks are set back on a Sunday, in the north or in the south. */
const MONTHS = new Set([2, 3, 9, 10]);
/** How far that Sunday morning may be from Sunday in UTC. */
const SHIFT_MS = 14 * 3_600_000;

/**
 * The hour that a local clock shows twice when it is set back: every repeated bar lies on such a day, at most an hour
 * of them a day, and their prices differ from those of the first.
 */
function doubledHour(series: BarSeries, times: readonly number[], differing: readonly number[]): Defect | null {
  const step = stepOf(series.timeframe);
  if (step > 3_600_000 || times.length === 0 || differing.length < times.length) return null;
  const days = new Map<number, number>();
  for (const time of times) {
    const near = [time - SHIFT_MS, time, time + SHIFT_MS].map((moment) => new Date(moment));
    if (!near.some((date) => date.getUTCDay() === 0 && MONTHS.has(date.getUTCMonth()))) return null;
    const day = Math.floor(time / DAY_MS);
    const count = (days.get(day) ?? 0) + 1;
    if (count > 3_600_000 / step) return null;
    days.set(day, count);
  }
  const at = times.toSorted((a, b) => a - b);
  const place = series.line === null ? -1 : series.time.indexOf(at[0] ?? 0);
  return { kind: "doubled_hour", at, line: place < 0 ? null : (series.line?.[place] ?? null) };
}
