import { z } from "zod";
import { DomainError } from "../errors.ts";
import { oneLine } from "../plain-text.ts";
import type { ResumePoint } from "../outcome.ts";
import type { TrainingRequest, TrainingResult } from "../kinds/training.ts";
import { curveOf, type Engine, type LearningCurve } from "../result.ts";
import { savedEpoch } from "../resume-point.ts";
import { toSignificant } from "../statistics.ts";
import { badAnswer, parseAnswer, share } from "./answer.ts";
import { resumedCaveats, trainingCaveats } from "./training-caveats.ts";
import { NOTHING_KNOWN, type TrainingTraits } from "./training-traits.ts";

/** Enough to draw a curve and to compare epochs; keeps the record of a long training small. */
const CURVE_DIGITS = 6;

/** KTRDR writes null for what is no number. */
const series = z.array(z.number().nullable());
const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);

/** `result_summary` of a training (docs/ktrdr.md §6.3): strict on what is used, tolerant of everything else. */
const Summary = z.looseObject({
  model_path: z.string().min(1).max(500),
  training_metrics: z.looseObject({
    epochs_trained: z.number().int().positive(),
    training_time: optional(z.number().nonnegative()),
    final_train_loss: optional(z.number()),
    final_val_loss: optional(z.number()),
    final_val_accuracy: optional(share),
    best_val_accuracy: optional(share),
    history: z
      .looseObject({
        train_loss: series.min(1),
        val_loss: series.default([]),
        train_accuracy: series.default([]),
        val_accuracy: series.default([]),
      })
      .transform(({ train_loss, val_loss, train_accuracy, val_accuracy }) => {
        return { trainLoss: train_loss, valLoss: val_loss, trainAccuracy: train_accuracy, valAccuracy: val_accuracy };
      }),
  }),
  test_metrics: optional(
    z.looseObject({
      test_accuracy: optional(share),
      test_loss: optional(z.number()),
      precision: optional(share),
      recall: optional(share),
      f1_score: optional(share),
      mae: optional(z.number().nonnegative()),
    }),
  ),
  model_info: optional(z.looseObject({ parameters_count: optional(z.number().int().nonnegative()) })),
  data_summary: optional(
    z.looseObject({
      symbols: optional(z.array(z.string())),
      timeframes: optional(z.array(z.string())),
      feature_count: optional(z.number().int().nonnegative()),
      total_samples: optional(z.number().int().nonnegative()),
    }),
  ),
});

/** KTRDR says "completed" for a training whose loss became NaN; only this key tells (docs/ktrdr.md §6.3). */
const FailedInside = z.looseObject({ training_metrics: z.looseObject({ error: z.string() }) });

type Told = z.infer<typeof Summary>["training_metrics"]["history"];

/** The curves, without those of an empty validation part. @throws DomainError `computation_failed` */
function numbersOf(told: Told): LearningCurve {
  const lost = told.trainLoss.indexOf(null);
  if (lost >= 0) {
    throw new DomainError("computation_failed", {
      what: `The training ended without a usable model: from epoch ${lost + 1} on its loss is no number.`,
      why: "KTRDR then trains to the end and saves weights that are not numbers",
      next: "Lower the learning rate, or look for endless values among the inputs, then train again.",
    });
  }
  return curveOf((name) => {
    const known = told[name].filter((value) => value !== null);
    return known.length === told[name].length ? known : [];
  });
}

/** The figures of every epoch: KTRDR has only those after the resumption (docs/ktrdr.md §9.11). */
function wholeHistory(later: LearningCurve, resumedFrom: ResumePoint | null): LearningCurve {
  return resumedFrom === null ? later : curveOf((name) => [...resumedFrom.curve[name], ...later[name]]);
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
  traits: TrainingTraits = NOTHING_KNOWN,
): TrainingResult {
  refuseFailedInside(resultSummary);
  const summary = parseAnswer(Summary, resultSummary, "training");
  const symbols = summary.data_summary?.symbols ?? null;
  if (symbols !== null && !symbols.includes(request.symbol)) {
    throw badAnswer("training", `It is about other symbols than ${request.symbol}.`);
  }
  const { training_metrics: metrics, test_metrics: test } = summary;
  const history = wholeHistory(numbersOf(metrics.history), resumedFrom);
  const bestEpoch = history.valLoss.length === 0 ? null : indexOfMinimum(history.valLoss);
  const saved = savedEpoch(history, resumedFrom);
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
    bestValLoss: history.valLoss[bestEpoch ?? 0] ?? null,
    savedEpoch: saved,
    ...finalFigures(metrics, history, saved),
    // The accuracy of the best epoch by loss, not the best accuracy (docs/ktrdr.md §10).
    // Without a validation part KTRDR tells 0.
    bestValAccuracy:
      resumedFrom === null && bestEpoch !== null
        ? metrics.best_val_accuracy
        : (history.valAccuracy[bestEpoch ?? 0] ?? null),
    testAccuracy: test?.test_accuracy ?? null,
    testLoss: test?.test_loss ?? null,
    precision: test?.precision ?? null,
    recall: test?.recall ?? null,
    f1: test?.f1_score ?? null,
    // KTRDR gives an error in returns for regressions only.
    regression: traits.regression || test?.mae != null,
    mae: test?.mae ?? null,
    baseRate: traits.baseRate,
    data: null,
    parameters: summary.model_info?.parameters_count ?? null,
    featureCount: summary.data_summary?.feature_count ?? null,
    samples: summary.data_summary?.total_samples ?? null,
    // For a resumed training KTRDR counts only the time since the resumption.
    trainingSeconds: resumedFrom === null ? metrics.training_time : null,
    curve: curveOf((name) => history[name].map((value) => toSignificant(value, CURVE_DIGITS))),
    engine,
  };
  const facts = {
    ...traits,
    timeframes: summary.data_summary?.timeframes ?? traits.timeframes,
    symbols: symbols ?? [],
  };
  return {
    ...result,
    caveats: [...trainingCaveats(result, facts), ...resumedCaveats(result, resumedFrom, request.resumeFrom)],
  };
}

/** The figures of the saved model, which is nearly always that of the last epoch. */
function finalFigures(
  metrics: z.infer<typeof Summary>["training_metrics"],
  { trainLoss, valLoss, valAccuracy }: LearningCurve,
  savedEpoch: number,
): Pick<TrainingResult, "finalTrainLoss" | "finalValLoss" | "finalValAccuracy"> {
  if (savedEpoch === trainLoss.length - 1) {
    return {
      finalTrainLoss: metrics.final_train_loss,
      finalValLoss: metrics.final_val_loss,
      finalValAccuracy: metrics.final_val_accuracy,
    };
  }
  return {
    finalTrainLoss: trainLoss[savedEpoch] ?? null,
    finalValLoss: valLoss[savedEpoch] ?? null,
    finalValAccuracy: valAccuracy[savedEpoch] ?? null,
  };
}

function refuseFailedInside(resultSummary: unknown): void {
  const failed = FailedInside.safeParse(resultSummary);
  if (!failed.success) return;
  throw new DomainError("computation_failed", {
    what: "The training ended without a usable model although KTRDR calls it completed.",
    why: `KTRDR said: ${oneLine(failed.data.training_metrics.error, 200)}`,
    next: "Lower the learning rate or simplify the strategy, then train again.",
  });
}

function indexOfMinimum(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value < (values[best] ?? Number.POSITIVE_INFINITY) ? index : best), 0);
}
