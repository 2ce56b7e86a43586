import { BUY, SELL } from "./labels.ts";
import type { FeatureMatrix } from "./features.ts";
import { loadRow } from "./learner.ts";
import { argmax, forward, outputBuffers, softmax, type Mlp } from "./mlp.ts";
import type { Strategy } from "./strategy-model.ts";

/** 1 buy, -1 sell, 0 hold. */
export type Signal = 1 | -1 | 0;

const HOUR = 3_600_000;

/** The model's opinion bar by bar: the likeliest class, or a forecast beyond the costs; weak opinions are holds. */
export function opinions(strategy: Strategy, mlp: Mlp, features: FeatureMatrix): (row: number) => Signal {
  const buffers = outputBuffers(mlp);
  const probabilities = new Float64Array(buffers.at(-1)?.length ?? 0);
  const { confidenceThreshold, minForecast } = strategy.decisions;
  return (row) => {
    loadRow(features, row, buffers[0]);
    const outputs = forward(mlp, buffers);
    if (strategy.output === "regression" || outputs.length === 1) {
      const forecast = outputs[0] ?? 0;
      if (Math.abs(forecast) < minForecast) return 0;
      return forecast > 0 ? 1 : -1;
    }
    softmax(outputs, probabilities);
    const best = argmax(probabilities);
    if ((probabilities[best] ?? 0) < confidenceThreshold) return 0;
    return best === BUY ? 1 : best === SELL ? -1 : 0;
  };
}

/**
 * Turns opinions into orders: nothing within `min_signal_separation` hours of the last order, no second position in
 * the same direction, and no short out of nothing unless the strategy allows it.
 */
export class OrderFilter {
  private lastOrder = -Infinity;
  private readonly separation: number;
  private readonly shortAllowed: boolean;

  constructor(strategy: Strategy) {
    this.separation = strategy.decisions.minSignalSeparationHours * HOUR;
    this.shortAllowed = strategy.decisions.allowShortFromFlat;
  }

  /** The order for a bar beginning at `time` (ms UTC) with the given position side (0 flat). */
  order(signal: Signal, side: Signal, time: number): Signal {
    if (signal === 0 || signal === side) return 0;
    if (side === 0 && signal === -1 && !this.shortAllowed) return 0;
    if (time - this.lastOrder < this.separation) return 0;
    this.lastOrder = time;
    return signal;
  }
}
