import type { Bar } from "../market-data.ts";

/**
 * Training labels, as KTRDR derives them from future prices (contract §4.3). Used before a training to see which
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
  readonly horizon: number;
  readonly trendingThreshold: number;
  readonly volCrisisThreshold: number;
  readonly volLookback: number;
}

/** Regime of the next `horizon` bars: volatile, else trending when the path is efficient, else ranging. */
export function regimeLabels(closes: readonly number[], settings: Regime): Int8Array {
  const { horizon, volLookback } = settings;
  const returns = closes.slice(1).map((close, index) => Math.log(close / (closes[index] ?? close)));
  const sums = runningSums(returns);
  const squares = runningSums(returns.map((value) => value * value));
  const path = runningSums(closes.slice(1).map((close, index) => Math.abs(close - (closes[index] ?? close))));
  const deviation = (from: number, to: number): number => {
    const [count, sum] = [to - from, between(sums, from, to)];
    const spread = between(squares, from, to) - (sum * sum) / count;
    // Below this only rounding is left.
    return count < 2 || spread < 1e-18 ? 0 : Math.sqrt(spread / (count - 1));
  };
  return Int8Array.from(closes, (close, index) => {
    const future = closes[index + horizon];
    if (future === undefined || index < volLookback) return NONE;
    const before = deviation(index - volLookback, index);
    if (before > 0 && deviation(index, index + horizon) / before > settings.volCrisisThreshold) return 3;
    const length = between(path, index, index + horizon);
    const efficiency = length === 0 ? 0 : (future - close) / length;
    return efficiency > settings.trendingThreshold ? 0 : efficiency < -settings.trendingThreshold ? 1 : 2;
  });
}

/** `sums[i]` is the sum of the first i values: any stretch costs one subtraction, however long the horizon. */
function runningSums(values: readonly number[]): Float64Array {
  const sums = new Float64Array(values.length + 1);
  for (const [index, value] of values.entries()) sums[index + 1] = (sums[index] ?? 0) + value;
  return sums;
}

const between = (sums: Float64Array, from: number, to: number): number => (sums[to] ?? 0) - (sums[from] ?? 0);

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
