/**
 * The periods of a walk-forward: one training window and the days after it, again and again, so that the test windows
 * follow each other and end with the last bar. KTRDR trades from its 51st bar on, so each test backtest begins so many bars
 * before its window.
 */
import { DomainError } from "../errors.ts";
import type { WalkForwardRequest } from "../kinds/walk-forward.ts";
import { instant, WARM_UP_BARS } from "../results/buy-and-hold.ts";
import { YEAR_MS } from "../results/bars-per-year.ts";

/** A test window is at most a third as long as the training before it. */
const TRAIN_OVER_TEST = 3;
/** Fewer traded bars show nothing. */
export const FEWEST_TEST_BARS = 60;
export const FEWEST_WINDOWS = 4;
export const MOST_WINDOWS = 12;

export interface WindowsWish {
  /** 4 to 12. */
  readonly windows: number;
  /** Whether every training begins on the first day; else they are of one length. */
  readonly anchored: boolean;
  /** Bars left out between the last bar of a training and the first traded one. */
  readonly gap: number;
}

type WalkWindow = WalkForwardRequest["windows"][number];

export interface WalkWindows {
  readonly windows: readonly WalkWindow[];
  /** Bars between test windows that nothing trades, because windows begin and end with days; 0 for daily bars. */
  readonly untraded: number;
}

/**
 * @param times of all bars, ISO-8601, oldest first
 * @throws DomainError `invalid_input` when there are too few bars, with how many would do
 */
export function walkWindows(times: readonly string[], wish: WindowsWish): WalkWindows {
  const days = times.map((time) => time.slice(0, 10));
  const length = Math.floor((days.length - wish.gap) / (TRAIN_OVER_TEST + wish.windows));
  if (length < FEWEST_TEST_BARS) throw tooFew(times, wish);
  // A day's bars are not divided: each window begins with the first backtest whose warm-up ends at or after its bar.
  const begins = Array.from({ length: wish.windows }, (_, n) => {
    const wanted = days.length - (wish.windows - n) * length;
    const read = firstOfDay(days, wanted - WARM_UP_BARS);
    return { read, traded: read + WARM_UP_BARS };
  });
  let untraded = 0;
  const windows = begins.map(({ read, traded }, n): WalkWindow => {
    const next = begins[n + 1]?.traded ?? days.length;
    const last = next === days.length ? next - 1 : lastBefore(days, next);
    untraded += next - 1 - last;
    const trainEnd = lastBefore(days, traded - wish.gap);
    const trainStart = wish.anchored ? 0 : firstOfDay(days, Math.max(0, trainEnd + 1 - TRAIN_OVER_TEST * length));
    return {
      train: { startDate: at(days, trainStart), endDate: at(days, trainEnd) },
      test: { startDate: at(days, traded), endDate: at(days, last) },
      readFrom: at(days, read),
    };
  });
  return { windows, untraded };
}

const at = (days: readonly string[], index: number): string => {
  const day = days[index];
  if (day === undefined) throw new Error(`there is no bar ${index}`);
  return day;
};

/** The first bar at or after `index` that begins a day. */
function firstOfDay(days: readonly string[], index: number): number {
  let first = index;
  while (first > 0 && days[first] === days[first - 1]) first += 1;
  return first;
}

/** The last bar of the last day that is over before `index`. */
function lastBefore(days: readonly string[], index: number): number {
  let last = index - 1;
  while (last >= 0 && days[last] === days[last + 1]) last -= 1;
  return last;
}

function tooFew(times: readonly string[], { windows, gap }: WindowsWish): DomainError {
  const needed = (TRAIN_OVER_TEST + windows) * FEWEST_TEST_BARS + gap;
  const fits = Math.floor((times.length - gap) / FEWEST_TEST_BARS) - TRAIN_OVER_TEST;
  const [first, last] = [times[0] ?? "", times.at(-1) ?? ""];
  const years = (instant(last) - instant(first)) / YEAR_MS;
  const yearsFor = (bars: number) => ((bars * years) / times.length).toFixed(1);
  const fewest = (TRAIN_OVER_TEST + FEWEST_WINDOWS) * FEWEST_TEST_BARS + gap;
  return new DomainError("invalid_input", {
    what: `${times.length} bars are too few for ${windows} windows: ${needed} would do, about ${yearsFor(needed)} years.`,
    why: `each window needs ${FEWEST_TEST_BARS} traded bars, and a training three times as long before the first`,
    valid:
      fits >= FEWEST_WINDOWS
        ? [`windows from ${FEWEST_WINDOWS} to ${Math.min(fits, MOST_WINDOWS)}`]
        : [`${FEWEST_WINDOWS} windows from ${fewest} bars on, about ${yearsFor(fewest)} years`],
    next: fits >= FEWEST_WINDOWS ? "ask for fewer windows" : "choose earlier dates, load more bars, or another market",
  });
}
