/** Whether the bars of a backtest's window are sound, and how many a year has. */
import { holesIn, timesOf } from "../bars/calendar.ts";
import { barHealth } from "../bars/health.ts";
import { seriesOf } from "../bars/series.ts";
import { defectLine, spoilsReturns } from "../bars/words.ts";
import { barsPerYear } from "./bars-per-year.ts";
import { instant, type WindowBars } from "./buy-and-hold.ts";

/** The code of the caveat that bars have faults. */
export const BAD_BARS = "bad_bars";

export interface BarSoundness {
  /** Defects by which the bars differ from the market; empty for sound bars. */
  readonly faults: readonly string[];
  /** Defects that may be real. */
  readonly doubts: readonly string[];
  /** Bars per year, holes left out; null for unsound bars, or when not known. */
  readonly perYear: number | null;
}

export function barSoundness(timeframe: string, bars: WindowBars): BarSoundness {
  const series = seriesOf(timeframe, bars, instant);
  const { defects } = barHealth(series);
  const faults = defects.filter(spoilsReturns).map(defectLine);
  const doubts = defects.filter(({ kind }) => kind === "jump" || kind === "hole").map(defectLine);
  if (faults.length > 0) return { faults, doubts, perYear: null };
  const times = timesOf(series.time);
  const holes = holesIn(times, timeframe);
  const missing = holes.reduce((sum, { from, to }) => sum + to - from, 0);
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0) - missing;
  return { faults, doubts, perYear: barsPerYear(timeframe, times.length - 1 - holes.length, span) };
}
