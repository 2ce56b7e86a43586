import type { FeatureMatrix } from "./features.ts";
import { BUY, SELL } from "./labels.ts";
import { argmax, passOf, softmax, windowOf, type Network } from "./network.ts";
import type { Strategy } from "./strategy-model.ts";

/** 1 buy, -1 sell, 0 hold. */
export type Signal = 1 | -1 | 0;

const HOUR = 3_600_000;

/**
 * The model's opinion bar by bar: the likeliest class, or a forecast beyond the costs. A weak opinion is a hold. KTRDR
 * trades any class 0 as BUY and any class 2 as SELL, also those of a regime or context classifier. A row with a value
 * that is not a number is a hold.
 */
export function opinions(strategy: Strategy, network: Network, features: FeatureMatrix): (row: number) => Signal {
  const pass = passOf(network);
  const window = windowOf(network);
  const probabilities = new Float64Array(pass.parameters.at(-1)?.length ?? 0);
  const { confidenceThreshold, minForecast } = strategy.decisions;
  return (row) => {
    const seen = features.values.subarray((row - window + 1) * features.width, (row + 1) * features.width);
    if (seen.some(Number.isNaN)) return 0;
    const outputs = pass.answer(features, row);
    if (strategy.output === "regression") {
      const forecast = outputs[0] ?? 0;
      return forecast > minForecast ? 1 : forecast < -minForecast ? -1 : 0;
    }
    softmax(outputs, probabilities);
    const best = argmax(probabilities);
    if ((probabilities[best] ?? 0) < confidenceThreshold) return 0;
    return best === BUY ? 1 : best === SELL ? -1 : 0;
  };
}

/** Decides whether an opinion becomes an order (docs/ktrdr.md §4.3 `decisions`). */
export class OrderFilter {
  private readonly separation: number;
  private readonly shortAllowed: boolean;
  private readonly positionAware: boolean;

  constructor(strategy: Strategy) {
    const { decisions } = strategy;
    this.separation = decisions.minSignalSeparationHours * HOUR;
    this.shortAllowed = decisions.allowShortFromFlat || strategy.output === "regression";
    this.positionAware = decisions.positionAware;
  }

  /**
   * The order for a bar that begins at `time` (ms UTC), with the side of the position (0 flat). There is no order
   * within `min_signal_separation` hours of the last fill and no second position in the same direction. There is no
   * short from flat unless the strategy allows it or forecasts numbers.
   */
  order(signal: Signal, side: Signal, time: number, lastFill: number): Signal {
    if (signal === 0 || time - lastFill < this.separation) return 0;
    if (!this.positionAware) return signal;
    if (signal === side) return 0;
    return side === 0 && signal === -1 && !this.shortAllowed ? 0 : signal;
  }
}
