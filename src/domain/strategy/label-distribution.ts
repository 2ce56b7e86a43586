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

/** The label settings of a strategy, with KTRDR's defaults filled in. */
export type LabelSettings = {
  [K in keyof typeof LABEL_SCHEMAS]: { readonly source: K; readonly settings: z.output<(typeof LABEL_SCHEMAS)[K]> };
}[keyof typeof LABEL_SCHEMAS];

/** Bars per class, among all bars and in the training part. */
export interface LabelDistribution {
  readonly all: readonly LabelCount[];
  readonly trained: readonly LabelCount[];
}

/** Shares of the labelled bars (ratios). */
export interface SplitShares {
  readonly train: number;
  readonly validation: number;
  readonly test?: number | undefined;
}

/**
 * The classes that a training on these bars would see. Null for a regression, which has no classes, and for close-based
 * barriers, which we cannot reproduce.
 */
export function labelDistribution(
  labels: LabelSettings,
  bars: readonly Bar[],
  split: SplitShares,
): LabelDistribution | null {
  if (labels.source === "forward_return") return null;
  const every = labelsOn(labels, bars)?.filter((label) => label >= 0);
  if (every === undefined) return null;
  const classes = LABEL_CLASSES[labels.source];
  const trained = every.slice(0, trainedCount(labels, every.length, split));
  return { all: countLabels(every, classes), trained: countLabels(trained, classes) };
}

/** How many of the labelled bars, from the first, KTRDR trains on; barriers leave a gap before the others. */
function trainedCount(labels: LabelSettings, count: number, { train, validation, test }: SplitShares): number {
  if (labels.source !== "triple_barrier") return Math.floor(count * train);
  const others = Math.min(validation + (test ?? Math.max(0, 1 - train - validation)), 1);
  const start = Math.floor(count * (1 - others));
  const embargo = Math.floor(0.01 * count);
  return Math.max(0, Math.min(start - embargo, start - labels.settings.max_holding_period + 1));
}

/** The class of each bar, -1 for none; null for labels that we cannot reproduce. */
export function labelsOn(labels: LabelSettings, bars: readonly Bar[]): Int8Array | null {
  const closes = bars.map((bar) => bar.close);
  switch (labels.source) {
    case "forward_return":
      return null;
    case "zigzag":
      return zigzagLabels(closes, labels.settings.zigzag_threshold);
    case "context": {
      const { horizon, bullish_threshold: bullish, bearish_threshold: bearish } = labels.settings;
      return contextLabels(closes, horizon, bullish, bearish);
    }
    case "regime": {
      const { vol_crisis_threshold: volCrisisThreshold, vol_lookback: volLookback } = labels.settings;
      return regimeLabels(bars, { volCrisisThreshold, volLookback });
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
      return tripleBarrierLabels(bars, barrier);
    }
  }
}
