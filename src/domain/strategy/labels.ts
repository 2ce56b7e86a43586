import type { Bar } from "../market-data.ts";

/**
 * Training labels, as KTRDR derives them from future prices (docs/ktrdr.md §4.3). Used before a training to see which
 * classes it would learn; a class index of -1 means the bar gets no label.
 */

export type LabelSource = "zigzag" | "forward_return" | "triple_barrier" | "regime" | "context";

/** Class names by index. KTRDR's class order differs between sources. */
export const LABEL_CLASSES: Readonly<Record<Exclude<LabelSource, "forward_return">, readonly string[]>> = {
  zigzag: ["BUY", "HOLD", "SELL"],
  triple_barrier: ["BUY", "HOLD", "SELL"],
  regime: ["TRENDING_UP", "TRENDING_DOWN", "RANGING", "VOLATILE"],
  context: ["BULLISH", "BEARISH", "NEUTRAL"],
};

const UP = 0;
const NEUTRAL = 1;
const DOWN = 2;
const NONE = -1;

/**
 * Turning points of a close series: an extreme counts once price has come back from it by `threshold` (ratio).
 * Indices ascending, the first and the last extreme included; empty when no swing ever reaches the threshold.
 */
export function zigzagPivots(closes: readonly number[], threshold: number): readonly number[] {
  const pivots: number[] = [0];
  let direction = 0;
  let extreme = 0;
  const change = (to: number): number => (closes[to] ?? 0) / (closes[extreme] ?? 1) - 1;
  for (let index = 1; index < closes.length; index++) {
    const move = change(index);
    if (direction === 0) {
      if (Math.abs(move) >= threshold) [direction, extreme] = [Math.sign(move), index];
    } else if (move * direction > 0) extreme = index;
    else if (-move * direction >= threshold) {
      pivots.push(extreme);
      [direction, extreme] = [-direction, index];
    }
  }
  return direction === 0 ? [] : [...pivots, extreme];
}

/**
 * Zigzag labels: bars strictly between two turning points take the direction of that leg, turning points and the bars
 * after the last one are HOLD. Gives exactly the class counts of the recorded trainings; `label_lookahead` plays no
 * part in them.
 */
export function zigzagLabels(closes: readonly number[], threshold: number): Int8Array {
  const labels = new Int8Array(closes.length).fill(NEUTRAL);
  const pivots = zigzagPivots(closes, threshold);
  for (const [leg, start] of pivots.entries()) {
    const end = pivots[leg + 1];
    if (end === undefined) break;
    labels.fill((closes[end] ?? 0) > (closes[start] ?? 0) ? UP : DOWN, start + 1, end);
  }
  return labels;
}

export interface TripleBarrier {
  readonly ptMultiplier: number;
  readonly slMultiplier: number;
  readonly maxHoldingPeriod: number;
  readonly volSpan: number;
}

/**
 * Triple-barrier labels with range volatility: which of a profit barrier, a loss barrier and the end of the holding
 * period is met first. At the end of the period a return smaller than half the volatility over it is HOLD. The last
 * `maxHoldingPeriod` bars get no label.
 */
export function tripleBarrierLabels(bars: readonly Bar[], settings: TripleBarrier): Int8Array {
  const labels = new Int8Array(bars.length).fill(NONE);
  const volatility = smoothedRange(bars, settings.volSpan);
  const hold = settings.maxHoldingPeriod;
  for (let start = 0; start + hold < bars.length; start++) {
    labels[start] = barrierMet(bars, start, volatility[start] ?? 0, settings);
  }
  return labels;
}

function barrierMet(bars: readonly Bar[], start: number, volatility: number, settings: TripleBarrier): number {
  const entry = bars[start]?.close ?? 0;
  const upper = entry * (1 + settings.ptMultiplier * volatility);
  const lower = entry * (1 - settings.slMultiplier * volatility);
  const end = Math.min(bars.length - 1, start + settings.maxHoldingPeriod);
  for (let index = start + 1; index <= end; index++) {
    const bar = bars[index];
    if (bar === undefined) break;
    const [above, below] = [bar.high >= upper, bar.low <= lower];
    if (above && below) return bar.close >= entry ? UP : DOWN;
    if (above) return UP;
    if (below) return DOWN;
  }
  const change = (bars[end]?.close ?? entry) / entry - 1;
  if (Math.abs(change) < 0.5 * volatility * Math.sqrt(settings.maxHoldingPeriod)) return NEUTRAL;
  return change > 0 ? UP : DOWN;
}

/** Exponentially weighted mean (by span, weights normalised from the first bar) of the high-low range over the close. */
function smoothedRange(bars: readonly Bar[], span: number): Float64Array {
  const keep = 1 - 2 / (span + 1);
  const smoothed = new Float64Array(bars.length);
  let [sum, weight] = [0, 0];
  for (const [index, bar] of bars.entries()) {
    sum = sum * keep + (bar.high - bar.low) / bar.close;
    weight = weight * keep + 1;
    smoothed[index] = sum / weight;
  }
  // The first bars know too little; they take the value of the first full span.
  const full = Math.min(span, bars.length - 1);
  for (let index = 0; index < full; index++) if (smoothed[index] === 0) smoothed[index] = smoothed[full] ?? 0;
  return smoothed;
}

/** Direction of the return over `horizon` bars (ratio thresholds). The last `horizon` bars get no label. */
export function contextLabels(closes: readonly number[], horizon: number, bullish: number, bearish: number): Int8Array {
  return Int8Array.from(closes, (close, index) => {
    const future = closes[index + horizon];
    if (future === undefined) return NONE;
    const change = future / close - 1;
    return change > bullish ? 0 : change < bearish ? 1 : 2;
  });
}

export interface Regime {
  readonly volCrisisThreshold: number;
  readonly volLookback: number;
}

/** Fixed in KTRDR, whatever the file says: bars of the range and of the volatility, and the sizes of swings in ranges. */
const RANGE_BARS = 14;
const LARGE_SWING = 3;
const SMALL_SWING = 1;
const VOLATILE = 3;

/**
 * Regimes by two zigzags. A leg of large swings is trending when at least half of the small swings inside it advance in
 * its direction, else ranging. A bar is volatile when the next 14 returns deviate `volCrisisThreshold` times as much as
 * the last `volLookback` ones. The bars after the last turning point get no label.
 */
export function regimeLabels(bars: readonly Bar[], settings: Regime): Int8Array {
  const labels = new Int8Array(bars.length).fill(NONE);
  const closes = bars.map((bar) => bar.close);
  const unit = bars.length < RANGE_BARS + 2 ? 0 : usualRange(bars);
  if (!(unit > 0)) return labels;
  const legs = zigzagPivots(closes, LARGE_SWING * unit);
  const turns = zigzagPivots(closes, SMALL_SWING * unit);
  const isVolatile = storms(closes, settings);
  for (const [leg, start] of legs.entries()) {
    const end = legs[leg + 1];
    if (end === undefined) break;
    const rises = (closes[end] ?? 0) > (closes[start] ?? 0);
    const inside = turns.filter((turn) => turn >= start && turn <= end).map((turn) => closes[turn] ?? 0);
    const kind = getsOn(inside, rises) ? (rises ? 0 : 1) : 2;
    for (let index = start; index <= end; index++) labels[index] = isVolatile(index) ? VOLATILE : kind;
  }
  return labels;
}

/** The median of the mean range of 14 bars, divided by the median close. */
function usualRange(bars: readonly Bar[]): number {
  const ranges = bars.map(({ high, low }, index) => {
    const before = bars[index - 1]?.close;
    return before === undefined ? high - low : Math.max(high - low, Math.abs(high - before), Math.abs(low - before));
  });
  const means = ranges
    .slice(RANGE_BARS - 1)
    .map((_, start) => ranges.slice(start, start + RANGE_BARS).reduce((sum, range) => sum + range / RANGE_BARS, 0));
  return median(means) / median(bars.map((bar) => bar.close));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}

/** Whether at least half of the lows of a rising leg lie above the one before, or of the highs of a falling leg below. */
function getsOn(turns: readonly number[], rises: boolean): boolean {
  if (turns.length < 4) return false;
  const kept = turns.filter((price, index) => {
    const before = turns[index - 1] ?? turns[1] ?? price;
    const after = turns[index + 1] ?? before;
    const isLow = price < before && price < after;
    if (rises) return isLow;
    return index === 0 || index === turns.length - 1 ? !isLow : price > before && price > after;
  });
  const steps = kept.slice(1).map((price, index) => price - (kept[index] ?? price));
  return steps.length > 0 && steps.filter((step) => (rises ? step > 0 : step < 0)).length / steps.length >= 0.5;
}

function storms(closes: readonly number[], { volLookback, volCrisisThreshold }: Regime): (bar: number) => boolean {
  const logs = closes.map((close) => Math.log(Math.max(close, 1e-10)));
  const returns = logs.slice(1).map((value, index) => value - (logs[index] ?? value));
  return (bar) => {
    if (bar < volLookback || bar >= closes.length - RANGE_BARS) return false;
    const before = deviation(returns.slice(bar - volLookback, bar));
    return before > 0 && deviation(returns.slice(bar, bar + RANGE_BARS)) / before > volCrisisThreshold;
  };
}

/** Standard deviation of a sample; 0 of fewer than two values. */
function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

export interface LabelCount {
  readonly label: string;
  readonly bars: number;
  /** Ratio of the labelled bars. */
  readonly share: number;
}

/** Bars per class, in class order; unlabelled bars are left out. */
export function countLabels(labels: Int8Array, classes: readonly string[]): readonly LabelCount[] {
  const counts = classes.map(() => 0);
  let total = 0;
  for (const label of labels) {
    if (label < 0 || label >= counts.length) continue;
    counts[label] = (counts[label] ?? 0) + 1;
    total += 1;
  }
  return classes.map((label, index) => ({
    label,
    bars: counts[index] ?? 0,
    share: total === 0 ? 0 : (counts[index] ?? 0) / total,
  }));
}
