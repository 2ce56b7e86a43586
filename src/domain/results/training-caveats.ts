/**
 * What a reader of a training's figures must know. KTRDR computes none of this for worker trainings
 * (docs/ktrdr.md §2.10).
 */
import type { ResumePoint } from "../outcome.ts";
import type { Caveat } from "../result.ts";
import type { TrainingResult } from "../kinds/training.ts";
import type { TrainingTraits } from "./training-traits.ts";

type Figures = Omit<TrainingResult, "caveats">;
/** `symbols` and `timeframes` as KTRDR says that it used them. */
type Facts = TrainingTraits & { readonly symbols: readonly string[] };
type Check = (figures: Figures, facts: Facts) => string | null;

/** Below this many epochs the shape of a curve says nothing. */
const ENOUGH_EPOCHS = 8;
/** A best epoch within this share of the training counts as early, within the same share of its end as late. */
const EARLY_SHARE = 0.25;
const LATE_SHARE = 0.05;
/** Relative rise of the validation loss that is more than jitter. */
const CLEAR_RISE = 0.01;
/** A relative improvement below this is not worth more epochs. */
const FLAT_GAIN = 0.005;
/** A difference of two accuracies above this is more than the luck of a split. */
const CLEAR_GAP = 0.05;
/** An accuracy must beat the most frequent label by so much to say anything. */
const CLEAR_GAIN = 0.02;
/** Shares that differ by less are equal but for rounding. */
const SAME = 5e-5;

/** A loss may grow beyond any number that says more than "very much". */
const MOST_TOLD = 1_000;

const percent = (ratio: number): string =>
  ratio > MOST_TOLD ? `more than ${MOST_TOLD * 100} %` : `${(ratio * 100).toFixed(1)} %`;

const CHECKS: Readonly<Record<string, Check>> = {
  loss_rises_early: ({ curve, bestEpoch }) => {
    const { best, last, epochs } = validation(curve.valLoss, bestEpoch);
    if (epochs < ENOUGH_EPOCHS || bestEpoch === null || bestEpoch >= epochs * EARLY_SHARE) return null;
    if (relative(last, best) <= CLEAR_RISE) return null;
    return `Overfitting: validation loss was best at epoch ${bestEpoch + 1} of ${epochs} and rose ${percent(relative(last, best))} since.`;
  },
  best_epoch_not_saved: ({ curve, bestEpoch, savedEpoch }) => {
    const { best } = validation(curve.valLoss, bestEpoch);
    const kept = curve.valLoss[savedEpoch] ?? Number.NaN;
    if (bestEpoch === null || bestEpoch === savedEpoch || !(relative(kept, best) > CLEAR_RISE)) return null;
    return `The model is that of epoch ${savedEpoch + 1}: KTRDR saves the last epoch. The best was epoch ${bestEpoch + 1}, validation loss ${best.toPrecision(4)} against ${kept.toPrecision(4)}; its weights were not saved. Train for about ${bestEpoch + 1} epochs to come near it.`;
  },
  no_validation: ({ curve }) =>
    curve.valLoss.length === 0
      ? "No part was kept for validation: these figures do not show whether the model learnt anything general."
      : null,
  loss_never_improved: ({ curve, bestEpoch }) =>
    bestEpoch === 0 && curve.valLoss.length >= ENOUGH_EPOCHS
      ? "Validation loss never improved on the first epoch: nothing that generalises was learnt after it."
      : null,
  plateau: ({ curve, bestEpoch }) => {
    const { best, epochs } = validation(curve.valLoss, bestEpoch);
    const early = Math.ceil(epochs * EARLY_SHARE);
    const bestOfFirstQuarter = Math.min(...curve.valLoss.slice(0, early));
    if (epochs < ENOUGH_EPOCHS || bestEpoch === null || bestEpoch < early) return null;
    if (relative(bestOfFirstQuarter, best) > FLAT_GAIN) return null;
    return `Plateau: validation loss gained only ${percent(relative(bestOfFirstQuarter, best))} after the first quarter of ${epochs} epochs; more epochs are unlikely to help.`;
  },
  still_improving: ({ curve, bestEpoch }) => {
    const { best, epochs } = validation(curve.valLoss, bestEpoch);
    const middle = curve.valLoss[Math.floor(epochs / 2)];
    if (epochs < ENOUGH_EPOCHS || bestEpoch === null || middle === undefined) return null;
    if (bestEpoch < epochs * (1 - LATE_SHARE) - 1 || relative(middle, best) <= CLEAR_RISE) return null;
    return `Validation loss was still falling at the end (best epoch ${bestEpoch + 1} of ${epochs}): more epochs may help.`;
  },
  zeros_in_training: (_, { timeframes }) =>
    timeframes.length > 1
      ? `KTRDR trains on ${timeframes.join(" and ")} without filling the slower bars: their inputs are 0 on most rows. A backtest does fill them: the model then sees what it was not trained on.`
      : null,
  labels_of_first_symbol: (_, { symbols }) =>
    symbols.length > 1
      ? `Trained on ${symbols.length} symbols, but KTRDR makes the labels of ${symbols[0]} alone and joins them to inputs of another one.`
      : null,
  context_data: (_, { contextSources }) =>
    contextSources.length > 0
      ? `The model also reads context_data (${contextSources.join(", ")}): every backtest of it needs that source too, and what was read is not on record as the bars are.`
      : null,
  constant_prediction: (figures) => {
    const accuracy = figures.testAccuracy ?? figures.finalValAccuracy;
    return isConstant(figures) && accuracy !== null
      ? `The model predicts the same direction for (nearly) every bar: its directional accuracy of ${percent(accuracy)} is only how often the price went that way.`
      : null;
  },
  test_differs_from_validation: (figures) => {
    const { testAccuracy: test, finalValAccuracy: value } = figures;
    if (test === null || value === null || Math.abs(test - value) <= CLEAR_GAP || isConstant(figures)) return null;
    return `Test accuracy ${percent(test)} is far from validation accuracy ${percent(value)}: the two periods differ, or the model was lucky in one.`;
  },
  // KTRDR keeps no class counts. But a model that always gives one class has weighted precision a² and F1 2a²/(1+a).
  predicts_one_class: ({ testAccuracy: accuracy, precision, f1 }) => {
    if (accuracy === null || precision === null || f1 === null || accuracy === 0 || accuracy === 1) return null;
    const near = (a: number, b: number) => Math.abs(a - b) < 0.005;
    return near(precision, accuracy ** 2) && near(f1, (2 * accuracy ** 2) / (1 + accuracy))
      ? `The model gives one class for (nearly) every bar: its accuracy of ${percent(accuracy)} is just the share of the most frequent label.`
      : null;
  },
  no_better_than_base_rate: (figures) => {
    const { testAccuracy: accuracy, baseRate } = figures;
    const base = baseRate?.test;
    if (accuracy === null || base == null || accuracy > base.share + CLEAR_GAIN || isConstant(figures)) return null;
    return `Test accuracy ${percent(accuracy)} says nothing: ${base.label} alone is ${percent(base.share)} of the labels there.`;
  },
  inputs_scaled_before_split: (_, { scaledInputs }) =>
    scaledInputs
      ? "Raw inputs are scaled over the whole window before it is split: validation and test accuracy are flattered. Backtests on later dates are not."
      : null,
  split_not_purged: (_, { labelSource }) => {
    if (labelSource === null) return null;
    const where = labelSource === "triple_barrier" ? "validation and test part" : "training, validation and test part";
    return `Labels look ahead, and KTRDR leaves no gap between ${where}: on noise too, accuracy may lie above the base rate. It shows no profit, only a backtest does; compare accuracies among equal labels only.`;
  },
  one_draw: () =>
    "One training is one random draw (KTRDR sets no seed): compare strategies by train_model with repeats, not by a single model.",
};

/** Stable codes in a stable order: the gravest first. */
export function trainingCaveats(figures: Figures, facts: Facts): readonly Caveat[] {
  return Object.entries(CHECKS).flatMap(([code, check]) => {
    const text = check(figures, facts);
    return text === null ? [] : [{ code, text }];
  });
}

export function resumedCaveats(
  { savedEpoch, epochsTrained }: Figures,
  from: ResumePoint | null,
  earlierJob: string | undefined,
): readonly Caveat[] {
  if (from === null) return [];
  const kept =
    savedEpoch <= from.epoch
      ? ` No later epoch was better than the best before it, so KTRDR saved the network that the checkpoint kept, of epoch ${savedEpoch + 1}, instead of the last one (${epochsTrained}).`
      : "";
  const how =
    earlierJob === undefined ? "It was interrupted and went on" : `It goes on with ${earlierJob}, which was stopped,`;
  const text = `${how} from the checkpoint of epoch ${from.epoch + 1}: figures up to there are the checkpoint's, and how long it took in all is not known.${kept}`;
  return [{ code: "resumed", text }];
}

/**
 * A regression that always gives the same direction is right as often as the price goes that way. Its accuracy is then
 * the same in every epoch or, after a change of sign, 1 minus that.
 */
function isConstant(figures: Figures): boolean {
  const { testAccuracy: test, finalValAccuracy: value, curve } = figures;
  if (figures.regression !== true || value === null) return false;
  if (test !== null && Math.abs(test + value - 1) < SAME) return true;
  const near = (a: number, b: number) => Math.abs(a - b) < SAME;
  return curve.valAccuracy.length > 2 && curve.valAccuracy.every((one) => near(one, value) || near(one, 1 - value));
}

function validation(valLoss: readonly number[], bestEpoch: number | null) {
  return {
    best: valLoss[bestEpoch ?? 0] ?? Number.NaN,
    last: valLoss.at(-1) ?? Number.NaN,
    epochs: valLoss.length,
  };
}

/** A loss below this is nothing: no share of it says anything. */
const NOTHING = 1e-12;

/** How far `value` lies above `base`, relative to `base`; losses may be negative in theory, hence the absolute value. */
function relative(value: number, base: number): number {
  return Math.abs(base) < NOTHING ? value - base : (value - base) / Math.abs(base);
}
