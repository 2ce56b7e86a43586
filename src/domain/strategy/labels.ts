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
  let last = entry;
  for (const bar of bars.slice(start + 1, start + 1 + settings.maxHoldingPeriod)) {
    const [above, below] = [bar.high >= upper, bar.low <= lower];
    if (above && below) return bar.close >= entry ? UP : DOWN;
    if (above) return UP;
    if (below) return DOWN;
    last = bar.close;
  }
  const change = last / entry - 1;
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
  const returns = closes.slice(1).map((close, index) => Math.log(close / (closes[index] ?? close)));
  return Int8Array.from(closes, (close, index) => {
    const future = closes[index + settings.horizon];
    if (future === undefined || index < settings.volLookback) return NONE;
    const ahead = deviation(returns.slice(index, index + settings.horizon));
    const before = deviation(returns.slice(index - settings.volLookback, index));
    if (before > 0 && ahead / before > settings.volCrisisThreshold) return 3;
    const efficiency = pathEfficiency(closes.slice(index, index + settings.horizon + 1), future - close);
    return efficiency > settings.trendingThreshold ? 0 : efficiency < -settings.trendingThreshold ? 1 : 2;
  });
}

function pathEfficiency(path: readonly number[], netMove: number): number {
  const length = path.slice(1).reduce((sum, close, index) => sum + Math.abs(close - (path[index] ?? close)), 0);
  return length === 0 ? 0 : netMove / length;
}

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
