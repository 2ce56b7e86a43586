/** What a reader of a training's figures must know. KTRDR computes none of this for worker trainings (contract §2.10). */
import type { Caveat, TrainingResult } from "../result.ts";

type Figures = Omit<TrainingResult, "caveats">;
type Check = (figures: Figures) => string | null;

/** Below this many epochs the shape of a curve says nothing. */
const ENOUGH_EPOCHS = 8;
/** A best epoch within this share of the training counts as early, within the same share of its end as late. */
const EARLY_SHARE = 0.25;
const LATE_SHARE = 0.05;
/** Relative rise of the validation loss that is more than jitter. */
const CLEAR_RISE = 0.01;
/** Relative improvement that is less than worth waiting for. */
const FLAT_GAIN = 0.005;
/** Difference of two accuracies that is more than the luck of a split. */
const CLEAR_GAP = 0.05;

const percent = (ratio: number): string => `${(ratio * 100).toFixed(1)} %`;

const CHECKS: Readonly<Record<string, Check>> = {
  loss_rises_early: ({ curve, bestEpoch }) => {
    const { best, last, epochs } = validation(curve.valLoss, bestEpoch);
    if (epochs < ENOUGH_EPOCHS || bestEpoch === null || bestEpoch >= epochs * EARLY_SHARE) return null;
    if (relative(last, best) <= CLEAR_RISE) return null;
    return `Overfitting: validation loss was best at epoch ${bestEpoch + 1} of ${epochs} and rose ${percent(relative(last, best))} since. The best epoch's model is kept.`;
  },
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
  test_differs_from_validation: ({ testAccuracy, bestValAccuracy }) =>
    testAccuracy !== null && bestValAccuracy !== null && Math.abs(testAccuracy - bestValAccuracy) > CLEAR_GAP
      ? `Test accuracy ${percent(testAccuracy)} is far from validation accuracy ${percent(bestValAccuracy)}: the two periods differ, or the model was lucky in one.`
      : null,
  // KTRDR keeps no class counts. But a model that always gives one class has weighted precision a² and F1 2a²/(1+a).
  predicts_one_class: ({ testAccuracy: accuracy, precision, f1 }) => {
    if (accuracy === null || precision === null || f1 === null || accuracy === 0 || accuracy === 1) return null;
    const near = (a: number, b: number) => Math.abs(a - b) < 0.005;
    return near(precision, accuracy ** 2) && near(f1, (2 * accuracy ** 2) / (1 + accuracy))
      ? `The model gives one class for (nearly) every bar: its accuracy of ${percent(accuracy)} is just the share of the most frequent label.`
      : null;
  },
  one_draw: () =>
    "One training is one random draw (KTRDR sets no seed): compare strategies by train_model with repeats, not by a single model.",
};

/** Stable codes in a stable order: the gravest first. */
export function trainingCaveats(figures: Figures): readonly Caveat[] {
  return Object.entries(CHECKS).flatMap(([code, check]) => {
    const text = check(figures);
    return text === null ? [] : [{ code, text }];
  });
}

function validation(valLoss: readonly number[], bestEpoch: number | null) {
  return {
    best: valLoss[bestEpoch ?? 0] ?? Number.NaN,
    last: valLoss.at(-1) ?? Number.NaN,
    epochs: valLoss.length,
  };
}

/** How far `value` lies above `base`, relative to `base`; losses may be negative in theory, hence the absolute value. */
function relative(value: number, base: number): number {
  return base === 0 ? value : (value - base) / Math.abs(base);
}
