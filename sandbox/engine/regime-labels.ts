import type { Bars } from "./bars.ts";
import { at, build, trueRange } from "./indicators/series.ts";
import { numberIn, type Tree } from "./strategy-model.ts";
import { findPivots } from "./zigzag.ts";

const RISING = 0;
const FALLING = 1;
const RANGING = 2;
const VOLATILE = 3;

/** Settings that KTRDR's trainer never passes on, whatever the file says (docs/ktrdr.md §11.4). */
const RANGE_PERIOD = 14;
const LARGE_SWING = 3;
const SMALL_SWING = 1;
const PROGRESSIVE_SHARE = 0.5;

/**
 * Regimes by two zigzags, as KTRDR labels them. A leg of large swings is rising or falling when the small swings inside
 * go on in its direction, else ranging. A bar is volatile when its next 14 returns deviate over `vol_crisis_threshold`
 * times as much as its last `vol_lookback` ones. `horizon` and `trending_threshold` have no effect. Each bar up to the
 * last turning point has one label. Without a leg there is none.
 */
export function regimes(settings: Tree, bars: Bars): Float64Array {
  if (bars.length < RANGE_PERIOD + 2) return new Float64Array(0);
  const unit = usualRange(bars);
  if (!(unit > 0)) return new Float64Array(0);
  const legs = findPivots(bars.close, LARGE_SWING * unit);
  const turns = findPivots(bars.close, SMALL_SWING * unit);
  const last = legs.at(-1) ?? 0;
  if (legs.length < 2) return new Float64Array(0);
  const crisis = crises(settings, bars);
  const labels = new Float64Array(last + 1);
  for (const [place, start] of legs.slice(0, -1).entries()) {
    const end = legs[place + 1] ?? start;
    const rises = at(bars.close, end) > at(bars.close, start);
    const inside = turns.filter((turn) => turn >= start && turn <= end).map((turn) => at(bars.close, turn));
    const kind = isProgressive(inside, rises) ? (rises ? RISING : FALLING) : RANGING;
    // A turning point belongs to two legs, and the later one overwrites its label.
    for (let i = start; i <= end; i++) labels[i] = crisis(i) ? VOLATILE : kind;
  }
  return labels;
}

/** Median average range over the median close, a ratio. */
function usualRange(bars: Bars): number {
  const ranges = trueRange(bars);
  const averages = build(bars.length - RANGE_PERIOD + 1, (i) =>
    ranges.subarray(i, i + RANGE_PERIOD).reduce((sum, value) => sum + value / RANGE_PERIOD, 0),
  );
  return median(averages) / median(bars.close);
}

function median(values: Float64Array): number {
  const sorted = values.toSorted();
  const middle = sorted.length / 2;
  return (at(sorted, Math.ceil(middle) - 1) + at(sorted, Math.floor(middle))) / 2;
}

/** Whether half of the steps between a rising leg's lows go up, or between a falling leg's highs down. */
function isProgressive(prices: readonly number[], rises: boolean): boolean {
  if (prices.length < 4) return false;
  const kept = prices.filter((price, i) => {
    const [before, after] = [prices[i - 1] ?? prices[1] ?? price, prices[i + 1] ?? prices[i - 1] ?? price];
    const isEdge = i === 0 || i === prices.length - 1;
    const isLow = price < before && price < after;
    const isHigh = isEdge ? !isLow : price > before && price > after;
    return rises ? isLow : isHigh;
  });
  if (kept.length < 2) return false;
  const steps = kept.slice(1).filter((price, i) => (rises ? price > (kept[i] ?? 0) : price < (kept[i] ?? 0)));
  return steps.length / (kept.length - 1) >= PROGRESSIVE_SHARE;
}

function crises(settings: Tree, bars: Bars): (bar: number) => boolean {
  const lookback = numberIn(settings, "vol_lookback", 120);
  const threshold = numberIn(settings, "vol_crisis_threshold", 2);
  const logs = bars.close.map((price) => Math.log(Math.max(price, 1e-10)));
  const returns = build(bars.length - 1, (i) => at(logs, i + 1) - at(logs, i));
  return (i) => {
    if (i < lookback || i >= bars.length - RANGE_PERIOD) return false;
    const before = deviation(returns.subarray(i - lookback, i));
    return before > 0 && deviation(returns.subarray(i, i + RANGE_PERIOD)) / before > threshold;
  };
}

/** Standard deviation of a sample (n - 1); 0 of fewer than two values. */
function deviation(values: Float64Array): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
