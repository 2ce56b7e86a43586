import { at, averageTrueRange, build } from "./indicators/series.ts";
import type { Bars } from "./bars.ts";
import { EngineError } from "./errors.ts";
import { numberIn, type Tree } from "./strategy-model.ts";
import { findPivots } from "./zigzag.ts";

/** Class numbers of the model's outputs (contract §4.3). */
export const BUY = 0;
export const HOLD = 1;
export const SELL = 2;

/**
 * What the network shall say for each bar: a class number, or a number for a regression; NaN where it is unknown.
 * `horizon` is how many bars ahead a label looks (0 for zigzag, whose legs have no fixed length).
 */
export interface Labels {
  readonly values: Float64Array;
  readonly classes: number;
  readonly horizon: number;
}

/** Labels by the `training.labels` section. An unknown source is `LABELS-UnknownSource`. */
export function makeLabels(settings: Tree, bars: Bars): Labels {
  const source = typeof settings["source"] === "string" ? settings["source"] : "zigzag";
  switch (source) {
    case "zigzag":
      return {
        values: zigzagLabels(bars.close, numberIn(settings, "zigzag_threshold", 0.02)),
        classes: 3,
        horizon: 0,
      };
    case "forward_return": {
      const horizon = numberIn(settings, "horizon", 20);
      return { values: forwardReturns(bars.close, horizon), classes: 1, horizon };
    }
    case "triple_barrier":
      return tripleBarrier(settings, bars);
    case "regime":
      return regimes(settings, bars);
    case "context":
      return contexts(settings, bars);
    default:
      throw new EngineError("LABELS-UnknownSource", `Unknown label source '${source}'`, { source });
  }
}

/**
 * BUY inside a rising leg, SELL inside a falling one, HOLD on the turning points and after the last one. This gives
 * the class counts of the recorded trainings exactly. `label_lookahead` has no effect (contract §9.7).
 */
export function zigzagLabels(prices: Float64Array, threshold: number): Float64Array {
  const labels = new Float64Array(prices.length).fill(HOLD);
  const pivots = findPivots(prices, threshold);
  for (const [place, pivot] of pivots.entries()) {
    const next = pivots[place + 1];
    if (next !== undefined) labels.fill(next.side === 1 ? BUY : SELL, pivot.index + 1, next.index);
  }
  return labels;
}

/** close[i + horizon] / close[i] - 1; NaN for the last bars. */
export function forwardReturns(prices: Float64Array, horizon: number): Float64Array {
  return build(prices.length, (i) => at(prices, i + horizon) / at(prices, i) - 1);
}

/**
 * Which of two barriers the price touches first within `max_holding_period` bars: `pt_multiplier` ATRs above (BUY),
 * `sl_multiplier` ATRs below (SELL), or neither (HOLD). Unknown before the ATR and where the window is cut off.
 */
function tripleBarrier(settings: Tree, bars: Bars): Labels {
  const horizon = numberIn(settings, "max_holding_period", 50);
  const above = numberIn(settings, "pt_multiplier", 2);
  const below = numberIn(settings, "sl_multiplier", 1.5);
  const range = averageTrueRange(bars, numberIn(settings, "vol_span", 50));
  const values = build(bars.length, (i) => {
    const width = at(range, i);
    if (Number.isNaN(width)) return Number.NaN;
    for (let j = i + 1; j <= i + horizon; j++) {
      if (j >= bars.length) return Number.NaN;
      // Both inside one bar: the loss is assumed to have come first.
      if (at(bars.low, j) <= at(bars.close, i) - below * width) return SELL;
      if (at(bars.high, j) >= at(bars.close, i) + above * width) return BUY;
    }
    return HOLD;
  });
  return { values, classes: 3, horizon };
}

/**
 * Four regimes of the next `horizon` bars: 0 rising, 1 falling, 2 ranging, 3 crisis. Crisis: their volatility is
 * `vol_crisis_threshold` times that of the last `vol_lookback` bars. Trending: the net move is at least
 * `trending_threshold` of the path.
 */
function regimes(settings: Tree, bars: Bars): Labels {
  const horizon = numberIn(settings, "horizon", 24);
  const trending = numberIn(settings, "trending_threshold", 0.5);
  const crisis = numberIn(settings, "vol_crisis_threshold", 2);
  const lookback = numberIn(settings, "vol_lookback", 120);
  const step = (i: number): number => Math.log(at(bars.close, i) / at(bars.close, i - 1));
  const roughness = (from: number, to: number): number => {
    let squares = 0;
    for (let i = from; i < to; i++) squares += step(i) ** 2;
    return Math.sqrt(squares / (to - from));
  };
  const values = build(bars.length, (i) => {
    if (i < lookback || i + horizon >= bars.length) return Number.NaN;
    if (roughness(i + 1, i + 1 + horizon) >= crisis * roughness(i + 1 - lookback, i + 1)) return 3;
    let path = 0;
    for (let j = i + 1; j <= i + horizon; j++) path += Math.abs(at(bars.close, j) - at(bars.close, j - 1));
    const net = at(bars.close, i + horizon) - at(bars.close, i);
    if (path === 0 || Math.abs(net) / path < trending) return 2;
    return net > 0 ? 0 : 1;
  });
  return { values, classes: 4, horizon };
}

/** Bullish, neutral or bearish by the return over `horizon` bars against two thresholds. */
function contexts(settings: Tree, bars: Bars): Labels {
  const horizon = numberIn(settings, "horizon", 5);
  const bullish = numberIn(settings, "bullish_threshold", 0.005);
  const bearish = numberIn(settings, "bearish_threshold", -0.005);
  const values = forwardReturns(bars.close, horizon).map((change) => {
    if (Number.isNaN(change)) return change;
    return change > bullish ? BUY : change < bearish ? SELL : HOLD;
  });
  return { values, classes: 3, horizon };
}
