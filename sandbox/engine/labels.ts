import type { Bars } from "./bars.ts";
import { EngineError } from "./errors.ts";
import { at, build } from "./indicators/series.ts";
import { regimes } from "./regime-labels.ts";
import { numberIn, type Tree } from "./strategy-model.ts";
import { cusumEvents, tripleBarrier, uniqueness } from "./triple-barrier.ts";
import { findPivots } from "./zigzag.ts";

/** Class numbers of the model's outputs when they are trading signals (docs/ktrdr.md §4.3). */
export const BUY = 0;
export const HOLD = 1;
export const SELL = 2;

/** What the network must learn to answer: class numbers, or numbers for a regression. */
export interface Labels {
  /** The labels in order. Which bar each one belongs to is lost on the way, as at KTRDR. */
  readonly values: Float64Array;
  /** Outputs of the network; 1 is a regression. */
  readonly classes: number;
  /** Row of features beside the first label when labels are fewer than rows. Undefined: both end together. */
  readonly first: number | undefined;
  /** Bars that a triple barrier label looks ahead. Only trainings on such labels are purged. */
  readonly purge: number;
  /** How often each label's row is drawn, relative to 1. Without weights every row comes once in an epoch. */
  readonly weights?: Float64Array;
}

/** Labels as `training.labels` says. An unknown source silently means zigzag. Errors: too few bars, a close of 0. */
export function makeLabels(settings: Tree, bars: Bars): Labels {
  const plain = { classes: 3, first: 0, purge: 0 };
  switch (settings["source"]) {
    case "forward_return":
      return { ...plain, values: forwardReturns(bars.close, numberIn(settings, "horizon", 20)), classes: 1 };
    case "triple_barrier": {
      const { labels, held } = tripleBarrier(settings, bars);
      const events = settings["cusum_threshold"] == null ? undefined : cusumEvents(settings, bars.close);
      // The events' labels stand beside the first rows, because KTRDR keeps the events and never uses them.
      const ofEvents = (all: Float64Array) => (events === undefined ? all : all.filter((_, i) => events[i] === true));
      return {
        ...plain,
        values: ofEvents(labels),
        purge: numberIn(settings, "max_holding_period", 50),
        ...(settings["compute_weights"] === true ? { weights: uniqueness(ofEvents(held)) } : {}),
      };
    }
    case "regime":
      // Bars after the last turning point have no label, but the rows left out are the first ones. So a label stands
      // beside the features of a later bar.
      return { ...plain, values: regimes(settings, bars), classes: 4, first: numberIn(settings, "vol_lookback", 120) };
    case "context":
      return { ...plain, values: contexts(settings, bars) };
    default:
      return {
        ...plain,
        values: zigzagLabels(bars.close, numberIn(settings, "zigzag_threshold", 0.02)),
        first: undefined,
      };
  }
}

/**
 * BUY inside a rising leg, SELL inside a falling one, HOLD on the turning points and after the last one. This gives
 * the class counts of the recorded trainings exactly. `label_lookahead` has no effect (docs/ktrdr.md §9.7).
 */
export function zigzagLabels(prices: Float64Array, threshold: number): Float64Array {
  const labels = new Float64Array(prices.length).fill(HOLD);
  const pivots = findPivots(prices, threshold);
  for (const [place, pivot] of pivots.entries()) {
    const next = pivots[place + 1];
    if (next !== undefined) labels.fill(at(prices, next) > at(prices, pivot) ? BUY : SELL, pivot + 1, next);
  }
  return labels;
}

/** (close[i + horizon] - close[i]) / close[i] of every bar that has such a future. */
export function forwardReturns(prices: Float64Array, horizon: number): Float64Array {
  if (prices.length < horizon + 1) {
    const message = `Data has fewer than ${horizon + 1} bars required for horizon=${horizon}`;
    throw new EngineError("DATA-Insufficient", message, { data_length: prices.length, horizon });
  }
  if (prices.includes(0)) {
    throw new EngineError("DATA-Zero", "Close prices contain zero values, cannot compute returns");
  }
  return build(prices.length - horizon, (i) => (at(prices, i + horizon) - at(prices, i)) / at(prices, i));
}

/** By the return over `horizon` bars against two thresholds: 0 bullish, 1 bearish, 2 neutral. */
function contexts(settings: Tree, bars: Bars): Float64Array {
  const horizon = numberIn(settings, "horizon", 5);
  const bullish = numberIn(settings, "bullish_threshold", 0.005);
  const bearish = numberIn(settings, "bearish_threshold", -0.005);
  if (bars.length <= horizon) return new Float64Array(0);
  return forwardReturns(bars.close, horizon).map((change) => (change > bullish ? 0 : change < bearish ? 1 : 2));
}
