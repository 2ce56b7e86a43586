import { z } from "zod";
import { compact, rounded, type Detail } from "../facts.ts";
import { Insistence } from "../insistence.ts";
import { BaseRate, DataFingerprint, LearningCurve, MARKET, ORIGIN, WINDOW } from "../result.ts";
import type { Stored } from "../stored.ts";
import { defineKind, type Told } from "./define-kind.ts";
import { datesText, lossText, percentText } from "./words.ts";

const figure = z.number().nullable();

export const TrainingRequest = z.strictObject({
  kind: z.literal("training"),
  strategy: z.string(),
  /** SHA-256 of the strategy file's bytes: another text is another job. */
  strategySha256: z.string(),
  ...MARKET,
  /** ISO dates (YYYY-MM-DD), both inclusive, UTC. */
  ...WINDOW,
  /** All symbols that are trained on together, `symbol` first; absent when it is the only one. */
  symbols: z.array(z.string()).optional(),
  /** 1-based. KTRDR sets no seed: each draw of the same request is another random model. */
  draw: z.number(),
  /** Errors that somebody insisted on; they are no part of the identity. */
  insisted: z.array(Insistence).optional(),
  /** The job whose checkpoint it goes on from; absent when it begins with a new network. */
  resumeFrom: z.string().optional(),
});
export type TrainingRequest = Stored<typeof TrainingRequest>;

export const TrainingResult = z.strictObject({
  kind: z.literal("training"),
  /** Model directory relative to KTRDR's working directory. */
  modelPath: z.string(),
  strategy: z.string(),
  ...MARKET,
  ...WINDOW,
  epochsTrained: z.int(),
  /** 0-based epoch with the lowest validation loss of the curve. KTRDR does not keep its weights (docs/ktrdr.md §11.2). */
  bestEpoch: figure,
  bestValLoss: figure,
  /** 0-based epoch whose weights are the model. */
  savedEpoch: z.number(),
  /** Figures named final are of the saved model. */
  finalTrainLoss: figure,
  finalValLoss: figure,
  /** Accuracy of the best epoch, ratio. Of a regression accuracies are directional: how often the sign was right. */
  bestValAccuracy: figure,
  finalValAccuracy: figure,
  testAccuracy: figure,
  testLoss: figure,
  precision: figure,
  recall: figure,
  f1: figure,
  /** Whether it predicts a return. */
  regression: z.boolean(),
  /** Mean absolute error of a regression on the test part, in returns; null for a classification. */
  mae: figure,
  /** Null when it is not known. */
  baseRate: BaseRate.nullable(),
  parameters: figure,
  featureCount: figure,
  samples: figure,
  trainingSeconds: figure,
  curve: LearningCurve,
  /** Null when the bars could not be had. */
  data: DataFingerprint.nullable(),
  ...ORIGIN,
});
export type TrainingResult = Stored<typeof TrainingResult>;

export const training = defineKind({
  name: "training",
  prefix: "train",
  workflow: "trainModel",
  computing: {
    operationType: "training",
    // GPU hosts train too and register under names of their own (docs/ktrdr.md §1.4).
    workerTypes: ["training", "gpu_host", "cpu_training"],
    holdsResult: ({ model_path: path }) => typeof path === "string" && path !== "",
  },
  request: TrainingRequest,
  result: TrainingResult,
  subject: ({ strategy, symbol, timeframe }) => ({ strategy, symbol, timeframe }),
  summary: ({ strategy, symbol, timeframe, startDate, endDate }) =>
    `train ${strategy} on ${symbol} ${timeframe}, ${startDate}..${endDate}`,
  computations: () => 1,
  insisted: ({ insisted = [] }) => insisted,
  headline: headlineOf,
  told: toldOf,
  origin: ({ modelPath, ...window }, { resumeFrom = null }) => ({
    dates: datesText(window),
    model_path: modelPath,
    resumed_from: resumeFrom,
  }),
  startedBy: ["train_model"],
  again: "To run it again, repeat train_model with force_new_reason.",
  mend: "Mend what the reason names (validate_strategy helps), then call again: a changed strategy is a new job.",
  next: "run_backtest with this task_id as model, on dates after the training window.",
});

function headlineOf(result: TrainingResult): string {
  const { epochsTrained, finalValLoss, finalValAccuracy, testAccuracy, baseRate, modelPath, mae } = result;
  const saved = result.savedEpoch + 1;
  const base = baseRate?.test == null ? "" : `, always ${baseRate.test.label} ${percentText(baseRate.test.share)}`;
  const accuracy = `${result.regression ? "directional accuracy" : "accuracy"} ${percentText(finalValAccuracy)} (test ${percentText(testAccuracy)}${base})`;
  const error = mae === null ? "" : `, MAE ${lossText(mae)}`;
  return `model of epoch ${saved} of ${epochsTrained}: validation loss ${lossText(finalValLoss)}, ${accuracy}${error}${bestText(result, saved)}; ${modelPath}`;
}

/** Tells of the best epoch, whose weights KTRDR did not keep. */
function bestText({ bestEpoch, bestValLoss }: TrainingResult, saved: number): string {
  if (bestEpoch === null || bestEpoch + 1 === saved) return "";
  return `; the best loss, ${lossText(bestValLoss)} at epoch ${bestEpoch + 1}, was not saved`;
}

function toldOf(result: TrainingResult, detail: Detail): Told {
  const { baseRate, bestEpoch } = result;
  const accuracy = result.regression ? "directional_accuracy" : "accuracy";
  const brief = {
    final_val_loss: rounded(result.finalValLoss),
    [`final_val_${accuracy}`]: rounded(result.finalValAccuracy),
    [`test_${accuracy}`]: rounded(result.testAccuracy),
    mae: rounded(result.mae),
    test_base_rate: baseRate?.test && `${baseRate.test.label} ${rounded(baseRate.test.share)}`,
    epochs: result.epochsTrained,
    saved_epoch: result.savedEpoch + 1,
    best_epoch: bestEpoch === null ? null : bestEpoch + 1,
  };
  if (detail === "brief") return { figures: compact(brief) };
  const figures = compact({
    ...brief,
    best_val_loss: rounded(result.bestValLoss),
    [`best_val_${accuracy}`]: rounded(result.bestValAccuracy),
    base_rate: baseRate && `${baseRate.label} ${rounded(baseRate.share)}`,
    final_train_loss: rounded(result.finalTrainLoss),
    test_loss: rounded(result.testLoss),
    precision: rounded(result.precision),
    recall: rounded(result.recall),
    f1: rounded(result.f1),
    network_parameters: result.parameters,
    features: result.featureCount,
    samples: result.samples,
    training_seconds: rounded(result.trainingSeconds),
  });
  return { figures, ...(detail === "full" ? { curve: thinned(result.curve) } : {}) };
}

/** So many points show the shape of a curve. */
const CURVE_POINTS = 40;

/** Evenly thinned, with the first and last epoch; `epoch` has the 1-based numbers of those left. */
function thinned(curve: LearningCurve) {
  const length = Math.max(curve.trainLoss.length, curve.valLoss.length);
  const points = Math.min(length, CURVE_POINTS);
  const last = Math.max(1, points - 1);
  const epochs = Array.from({ length: points }, (_, index) => Math.round((index * (length - 1)) / last));
  const pick = (series: readonly number[]) =>
    series.length === 0 ? null : epochs.map((epoch) => (series[epoch] === undefined ? null : rounded(series[epoch])));
  return compact({
    epoch: epochs.map((epoch) => epoch + 1),
    train_loss: pick(curve.trainLoss),
    val_loss: pick(curve.valLoss),
    train_accuracy: pick(curve.trainAccuracy),
    val_accuracy: pick(curve.valAccuracy),
  });
}
