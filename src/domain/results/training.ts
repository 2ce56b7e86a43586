import { z } from "zod";
import { DomainError } from "../errors.ts";
import type { ResumePoint, TrainingRequest } from "../job.ts";
import type { Caveat, Engine, LearningCurve, TrainingResult } from "../result.ts";
import { toSignificant } from "../statistics.ts";
import { badAnswer, parseAnswer, share } from "./answer.ts";
import { trainingCaveats } from "./training-caveats.ts";

/** Enough to draw a curve and to compare epochs; keeps the record of a long training small. */
const CURVE_DIGITS = 6;

const series = z.array(z.number());
const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);

/** `result_summary` of a training (contract §6.3): strict on what is used, tolerant of everything else. */
const Summary = z.looseObject({
  model_path: z.string().min(1).max(500),
  training_metrics: z.looseObject({
    epochs_trained: z.number().int().positive(),
    training_time: optional(z.number().nonnegative()),
    final_train_loss: optional(z.number()),
    final_val_loss: optional(z.number()),
    final_val_accuracy: optional(share),
    best_val_accuracy: optional(share),
    history: z.looseObject({
      train_loss: series.min(1),
      val_loss: series.min(1),
      train_accuracy: series.default([]),
      val_accuracy: series.default([]),
    }),
  }),
  test_metrics: optional(
    z.looseObject({
      test_accuracy: optional(share),
      test_loss: optional(z.number()),
      precision: optional(share),
      recall: optional(share),
      f1_score: optional(share),
    }),
  ),
  model_info: optional(z.looseObject({ parameters_count: optional(z.number().int().nonnegative()) })),
  data_summary: optional(
    z.looseObject({
      symbols: optional(z.array(z.string())),
      feature_count: optional(z.number().int().nonnegative()),
      total_samples: optional(z.number().int().nonnegative()),
    }),
  ),
});

/** KTRDR says "completed" for a training whose loss became NaN; only this key tells (contract §6.3). */
const FailedInside = z.looseObject({ training_metrics: z.looseObject({ error: z.string() }) });

type History = z.infer<typeof Summary>["training_metrics"]["history"];

/** Every epoch there was: KTRDR tells only of those after the resumption (contract §9.11). */
function wholeHistory(later: History, resumedFrom: ResumePoint | null): History {
  if (resumedFrom === null) return later;
  const { curve } = resumedFrom;
  return {
    train_loss: [...curve.trainLoss, ...later.train_loss],
    val_loss: [...curve.valLoss, ...later.val_loss],
    train_accuracy: [...curve.trainAccuracy, ...later.train_accuracy],
    val_accuracy: [...curve.valAccuracy, ...later.val_accuracy],
  };
}

/**
 * A training's result in our own words. Losses are as the strategy's loss function gives them, accuracies are ratios.
 * @throws DomainError `computation_failed` when the training failed although its operation completed,
 * `ktrdr_bad_answer` when essential figures are missing, not numbers, or belong to another symbol.
 */
export function normaliseTraining(
  resultSummary: Readonly<Record<string, unknown>>,
  request: TrainingRequest,
  engine: Engine,
  resumedFrom: ResumePoint | null = null,
): TrainingResult {
  refuseFailedInside(resultSummary);
  const summary = parseAnswer(Summary, resultSummary, "training");
  const symbols = summary.data_summary?.symbols ?? null;
  if (symbols !== null && !symbols.includes(request.symbol)) {
    throw badAnswer("training", `It is about other symbols than ${request.symbol}.`);
  }
  const { training_metrics: metrics, test_metrics: test } = summary;
  const history = wholeHistory(metrics.history, resumedFrom);
  const bestEpoch = indexOfMinimum(history.val_loss);
  const curve = shorten(history);
  const result: Omit<TrainingResult, "caveats"> = {
    kind: "training",
    modelPath: summary.model_path,
    strategy: request.strategy,
    symbol: request.symbol,
    timeframe: request.timeframe,
    startDate: request.startDate,
    endDate: request.endDate,
    epochsTrained: metrics.epochs_trained + (resumedFrom === null ? 0 : resumedFrom.epoch + 1),
    bestEpoch,
    bestValLoss: history.val_loss[bestEpoch] ?? null,
    finalTrainLoss: metrics.final_train_loss,
    finalValLoss: metrics.final_val_loss,
    // The accuracy of the best epoch by loss, not the best accuracy (contract §10).
    bestValAccuracy: resumedFrom === null ? metrics.best_val_accuracy : (history.val_accuracy[bestEpoch] ?? null),
    finalValAccuracy: metrics.final_val_accuracy,
    testAccuracy: test?.test_accuracy ?? null,
    testLoss: test?.test_loss ?? null,
    precision: test?.precision ?? null,
    recall: test?.recall ?? null,
    f1: test?.f1_score ?? null,
    parameters: summary.model_info?.parameters_count ?? null,
    featureCount: summary.data_summary?.feature_count ?? null,
    samples: summary.data_summary?.total_samples ?? null,
    // Of a resumed training KTRDR counts the last stretch only.
    trainingSeconds: resumedFrom === null ? metrics.training_time : null,
    curve,
    engine,
  };
  return { ...result, caveats: [...trainingCaveats(result), ...resumedCaveats(resumedFrom)] };
}

function resumedCaveats(resumedFrom: ResumePoint | null): readonly Caveat[] {
  if (resumedFrom === null) return [];
  const text = `Its KTRDR worker died on the way. It went on from the checkpoint of epoch ${resumedFrom.epoch + 1}: figures up to there are the checkpoint's, and how long it took in all is not known.`;
  return [{ code: "resumed", text }];
}

function refuseFailedInside(resultSummary: unknown): void {
  const failed = FailedInside.safeParse(resultSummary);
  if (!failed.success) return;
  throw new DomainError("computation_failed", {
    what: "The training ended without a usable model although KTRDR calls it completed.",
    why: `KTRDR said: ${oneLine(failed.data.training_metrics.error)}`,
    next: "Lower the learning rate or simplify the strategy, then train again.",
  });
}

/** Foreign text: one line, no control characters, bounded. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim()
    .slice(0, 200);
}

function indexOfMinimum(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value < (values[best] ?? Number.POSITIVE_INFINITY) ? index : best), 0);
}

function shorten(history: History): LearningCurve {
  const short = (values: readonly number[]) => values.map((value) => toSignificant(value, CURVE_DIGITS));
  return {
    trainLoss: short(history.train_loss),
    valLoss: short(history.val_loss),
    trainAccuracy: short(history.train_accuracy),
    valAccuracy: short(history.val_accuracy),
  };
}
