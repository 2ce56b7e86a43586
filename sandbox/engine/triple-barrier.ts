import type { Bars } from "./bars.ts";
import { EngineError } from "./errors.ts";
import { at, build, exponential } from "./indicators/series.ts";
import { numberIn, type Tree } from "./strategy-model.ts";

const BUY = 0;
const HOLD = 1;
const SELL = 2;

/**
 * Which of two barriers around the close a later bar's high or low reaches first within `max_holding_period` bars, as
 * at KTRDR. Both in one bar: its close decides. Neither: the return at the end decides, HOLD only inside a band.
 * Barriers are ratios: multiplier x smoothed range (or return deviation). Each bar with a whole future has a label and
 * the bars until it was decided. Throws when there are fewer bars than `max_holding_period` + `vol_span`.
 */
export function tripleBarrier(settings: Tree, bars: Bars): { labels: Float64Array; held: Float64Array } {
  const hold = numberIn(settings, "max_holding_period", 50);
  const span = numberIn(settings, "vol_span", 50);
  if (bars.length < hold + span) {
    const message =
      `Insufficient data: need at least ${hold + span} bars ` +
      `(max_holding_period=${hold} + vol_span=${span}), got ${bars.length}`;
    throw new EngineError("DATA-Insufficient", message, { data_length: bars.length, min_required: hold + span });
  }
  const above = numberIn(settings, "pt_multiplier", 2);
  const below = numberIn(settings, "sl_multiplier", 1.5);
  const width = volatility(bars, span, settings["vol_method"] === undefined || settings["vol_method"] === "atr");
  const held = new Float64Array(bars.length - hold).fill(hold);
  const labels = build(held.length, (start) => {
    const entry = at(bars.close, start);
    const upper = entry * (1 + above * at(width, start));
    const lower = entry * (1 - below * at(width, start));
    for (let i = start + 1; i <= start + hold; i++) {
      const [over, under] = [at(bars.high, i) >= upper, at(bars.low, i) <= lower];
      if (over || under) held[start] = i - start;
      if (over && under) return at(bars.close, i) >= entry ? BUY : SELL;
      if (over) return BUY;
      if (under) return SELL;
    }
    const change = (at(bars.close, start + hold) - entry) / entry;
    if (Math.abs(change) < at(width, start) * Math.sqrt(hold) * 0.5) return HOLD;
    return change > 0 ? BUY : change < 0 ? SELL : HOLD;
  });
  return { labels, held };
}

/**
 * How unique each label is: the mean of 1 / (labels that are undecided at the same time) over the bars it was held,
 * scaled to a mean of 1. `held` is in rows. KTRDR counts it so even when only events have labels.
 */
export function uniqueness(held: Float64Array): Float64Array {
  const open = new Float64Array(held.length + held.reduce((most, bars) => Math.max(most, bars), 0));
  for (const [start, bars] of held.entries()) for (let i = start; i < start + bars; i++) open[i] = (open[i] ?? 0) + 1;
  const shares = held.map(
    (bars, start) => open.subarray(start, start + bars).reduce((sum, n) => sum + 1 / n, 0) / bars,
  );
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  return shares.map((share) => share / mean);
}

/** Smoothed (high - low) / close, or smoothed deviation of log returns. Gaps in the first `span` values are filled. */
function volatility(bars: Bars, span: number, byRange: boolean): Float64Array {
  const alpha = 2 / (span + 1);
  const range = build(bars.length, (i) => (at(bars.high, i) - at(bars.low, i)) / at(bars.close, i));
  const width = byRange
    ? exponential(range, alpha, true)
    : Float64Array.of(Number.NaN, ...exponentialDeviation(logReturns(bars.close), alpha));
  const first = Math.min(span, bars.length - 1);
  return width.map((value, i) => (i < first && (Number.isNaN(value) || value === 0) ? at(width, first) : value));
}

function logReturns(prices: Float64Array): Float64Array {
  return build(prices.length - 1, (i) => Math.log(at(prices, i + 1)) - Math.log(at(prices, i)));
}

/** Exponentially weighted deviation of a sample: weights (1 - alpha)^age, corrected for their effective number. */
function exponentialDeviation(values: Float64Array, alpha: number): Float64Array {
  const keep = 1 - alpha;
  let [weight, squaredWeight, mean, spread] = [0, 0, 0, 0];
  return values.map((value) => {
    const before = weight * keep;
    weight = before + 1;
    squaredWeight = squaredWeight * keep * keep + 1;
    const step = value - mean;
    mean += step / weight;
    spread = spread * keep + step * (value - mean);
    const freedom = weight * weight - squaredWeight;
    return before === 0 ? Number.NaN : Math.sqrt((spread / weight) * ((weight * weight) / freedom));
  });
}

/** True where the returns since the last event add up to the threshold, a ratio. 0 or less: taken from volatility. */
export function cusumEvents(settings: Tree, prices: Float64Array): boolean[] {
  const returns = logReturns(prices);
  const given = numberIn(settings, "cusum_threshold", 0);
  const deviations = exponentialDeviation(returns, 2 / (numberIn(settings, "vol_span", 50) + 1)).filter(
    Number.isFinite,
  );
  const usual = deviations.reduce((sum, value) => sum + value, 0) / deviations.length;
  const threshold = given > 0 ? given : numberIn(settings, "cusum_multiplier", 0.5) * usual;
  const events = Array.from(prices, () => false);
  let [up, down] = [0, 0];
  for (const [i, change] of returns.entries()) {
    up = Math.max(0, up + (change - threshold));
    down = Math.min(0, down + (change + threshold));
    if (up > threshold) up = 0;
    else if (down < -threshold) down = 0;
    else continue;
    events[i + 1] = true;
  }
  return events;
}
