import type { z } from "zod";
import type { Bar } from "../market-data.ts";
import {
  contextLabels,
  countLabels,
  LABEL_CLASSES,
  regimeLabels,
  tripleBarrierLabels,
  zigzagLabels,
  type LabelCount,
} from "./labels.ts";
import type { LABEL_SCHEMAS } from "./schema.ts";

/** Labels of a strategy, read and complete with KTRDR's defaults. */
export type LabelSettings = {
  [K in keyof typeof LABEL_SCHEMAS]: { readonly source: K; readonly settings: z.output<(typeof LABEL_SCHEMAS)[K]> };
}[keyof typeof LABEL_SCHEMAS];

/**
 * Classes a training on these bars would see. Null where it cannot be said: regression has no classes, close-based
 * barriers are not reproduced here.
 */
export function labelDistribution(labels: LabelSettings, bars: readonly Bar[]): readonly LabelCount[] | null {
  const closes = bars.map((bar) => bar.close);
  switch (labels.source) {
    case "forward_return":
      return null;
    case "zigzag":
      return countLabels(zigzagLabels(closes, labels.settings.zigzag_threshold), LABEL_CLASSES.zigzag);
    case "context": {
      const { horizon, bullish_threshold: bullish, bearish_threshold: bearish } = labels.settings;
      return countLabels(contextLabels(closes, horizon, bullish, bearish), LABEL_CLASSES.context);
    }
    case "regime": {
      const { horizon, trending_threshold, vol_crisis_threshold, vol_lookback } = labels.settings;
      const regime = {
        horizon,
        trendingThreshold: trending_threshold,
        volCrisisThreshold: vol_crisis_threshold,
        volLookback: vol_lookback,
      };
      return countLabels(regimeLabels(closes, regime), LABEL_CLASSES.regime);
    }
    case "triple_barrier": {
      const { pt_multiplier, sl_multiplier, max_holding_period, vol_span, vol_method } = labels.settings;
      if (vol_method !== "atr" || labels.settings.cusum_threshold !== undefined) return null;
      const barrier = {
        ptMultiplier: pt_multiplier,
        slMultiplier: sl_multiplier,
        maxHoldingPeriod: max_holding_period,
        volSpan: vol_span,
      };
      return countLabels(tripleBarrierLabels(bars, barrier), LABEL_CLASSES.triple_barrier);
    }
  }
}
