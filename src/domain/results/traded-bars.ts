import { TIMEFRAMES } from "../market-data.ts";
import { minutesOf } from "../strategy/market.ts";
import { instant, WARM_UP_BARS, type WindowBars } from "./buy-and-hold.ts";

/** The last bar may be missing from the equity curve. When more is missing, the curve covers only a part. */
export const CURVE_SLACK = 2;

const DAY_MINUTES = 1_440;

/** The bars that a backtest traded, and their timeframe. */
export interface TradedBars {
  readonly bars: WindowBars;
  readonly timeframe: string;
}

/**
 * KTRDR trains on the finest timeframe of a strategy but trades the bars of its `base_timeframe`, whatever timeframe
 * request and answer name. Only the length of the equity curve shows which: 478 points where 6,336 bars of 5m are 528
 * hours.
 */
export function tradedBars(asked: WindowBars, timeframe: string, equityPoints: number): TradedBars {
  const fits = ({ times }: WindowBars): boolean => Math.abs(times.length - WARM_UP_BARS - equityPoints) <= CURVE_SLACK;
  if (equityPoints > 0 && !fits(asked)) {
    for (const coarser of TIMEFRAMES) {
      const minutes = minutesOf(coarser) ?? 0;
      // Weeks and months do not begin at a multiple of their length.
      if (minutes <= (minutesOf(timeframe) ?? DAY_MINUTES) || minutes > DAY_MINUTES) continue;
      const bars = merged(asked, minutes * 60_000);
      if (fits(bars)) return { bars, timeframe: coarser };
    }
  }
  return { bars: asked, timeframe };
}

/** Bars of `length` ms: open of the first, highest high, lowest low, close of the last, sum of the volumes. */
function merged({ times, ohlcv }: WindowBars, length: number): WindowBars {
  const groups = new Map<number, { readonly time: string; row: readonly number[] }>();
  for (const [at, time] of times.entries()) {
    const key = Math.floor(instant(time) / length);
    const [open = 0, high = 0, low = 0, close = 0, volume = 0] = ohlcv[at] ?? [];
    const known = groups.get(key);
    if (known === undefined) {
      groups.set(key, { time, row: [open, high, low, close, volume] });
      continue;
    }
    const [first = 0, top = 0, bottom = 0, , sum = 0] = known.row;
    known.row = [first, Math.max(top, high), Math.min(bottom, low), close, sum + volume];
  }
  const bars = [...groups.values()];
  return { times: bars.map(({ time }) => time), ohlcv: bars.map(({ row }) => row) };
}
