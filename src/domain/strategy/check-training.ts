import { alternatives, shown } from "./finding.ts";
import type { Examined } from "./rules.ts";
import { DecisionsSchema, LOSSES, TrainingSchema } from "./schema.ts";
import { fit, isMapping, own, reportUnknownKeys, type Mapping } from "./shape.ts";

const IGNORED = ["optimizer", "early_stopping", "lr_scheduler", "gradient_clip", "analytics"];
const SPLIT_TOLERANCE = 0.001;
/** One of three classes always has a probability above one third, so a lower threshold filters nothing. */
const IDLE_THRESHOLD = 0.34;

/** How decisions are made from the network's output. */
export function checkDecisions({ raw, report }: Examined): void {
  const section = own(raw, "decisions");
  if (section === undefined) return;
  const decisions = fit(DecisionsSchema, section, ["decisions"], report);
  if (decisions === null || !isMapping(section)) return;
  reportUnknownKeys(section, Object.keys(DecisionsSchema.shape), ["decisions"], report);
  if (decisions.filters !== undefined) {
    reportUnknownKeys(decisions.filters, ["min_signal_separation"], ["decisions", "filters"], report);
  }
  if (decisions.output_format === "regression") {
    if (own(section, "confidence_threshold") !== undefined) {
      report.warning("no_effect", ["decisions", "confidence_threshold"], {
        what: "confidence_threshold has no effect on a regression.",
        why: "A predicted return is traded when it beats round_trip_cost times min_edge_multiplier.",
        fix: "Remove it.",
      });
    }
    if (decisions.cost_model !== undefined) return;
    report.error("cost_model_missing", ["decisions"], {
      what: "A regression strategy has no cost_model.",
      why: "The predicted return is traded only when it beats the cost of a round trip.",
      fix: "Add cost_model: {round_trip_cost: 0.003, min_edge_multiplier: 1.5}.",
    });
  } else if (decisions.confidence_threshold < IDLE_THRESHOLD) {
    report.warning("threshold_idle", ["decisions", "confidence_threshold"], {
      what: `A confidence_threshold of ${decisions.confidence_threshold} filters nothing.`,
      why: "The best of three classes always has a probability above one third.",
      fix: "Use about 0.4 to 0.6.",
    });
  }
}

/** The settings that reach the trainer, and those that do not. */
export function checkTraining({ raw, report, bars }: Examined): void {
  const section = own(raw, "training");
  if (section === undefined) return;
  if (isMapping(section)) checkKeys(section, { report });
  const training = fit(TrainingSchema, section, ["training"], report);
  if (training === null) return;
  checkLoss(training, { raw, report });
  const split = training.data_split;
  if (split !== undefined) checkSplit(split, { report });
  const samples = bars === null ? null : Math.floor(bars.length * (split?.train ?? 0.7));
  if (samples !== null && samples > 0 && training.batch_size > samples) {
    report.warning("batch_too_large", ["training", "batch_size"], {
      what: `batch_size ${training.batch_size} is more than the ${samples} bars of the training split.`,
      why: "Every epoch would be a single step.",
      fix: "Use 16 to 256.",
    });
  }
}

function checkKeys(section: Mapping, { report }: Pick<Examined, "report">): void {
  const known = Object.keys(TrainingSchema.shape);
  for (const key of IGNORED.filter((name) => Object.hasOwn(section, name))) {
    report.warning("no_effect", ["training", key], {
      what: `training.${key} has no effect.`,
      why: "KTRDR accepts it and never hands it to the trainer.",
      fix: `Remove it. What counts: ${alternatives(known)}.`,
    });
  }
  const others = Object.fromEntries(Object.entries(section).filter(([key]) => !IGNORED.includes(key)));
  reportUnknownKeys(others, known, ["training"], report);
}

interface LossSettings {
  readonly loss?: string | undefined;
  readonly focal_gamma?: number | undefined;
  readonly huber_delta?: number | undefined;
}

function checkLoss(training: LossSettings, { raw, report }: Pick<Examined, "raw" | "report">): void {
  const regression = own(own(raw, "decisions"), "output_format") === "regression";
  const losses: readonly string[] = regression ? LOSSES.regression : LOSSES.classification;
  const loss = training.loss ?? losses[0];
  if (loss !== undefined && !losses.includes(loss)) {
    report.error("loss_mismatch", ["training", "loss"], {
      what: `${shown(loss)} is not a loss for ${regression ? "regression" : "classification"}.`,
      why: "The loss must fit decisions.output_format.",
      fix: `Use ${alternatives(losses)}.`,
    });
  }
  for (const [key, needed] of Object.entries({ focal_gamma: "focal", huber_delta: "huber" } as const)) {
    if (own(training, key) === undefined || loss === needed) continue;
    report.warning("no_effect", ["training", key], {
      what: `${key} has no effect with the loss ${loss}.`,
      why: `It belongs to the ${needed} loss.`,
      fix: `Write loss: ${needed}, or remove ${key}.`,
    });
  }
}

interface Split {
  readonly train: number;
  readonly validation: number;
  readonly test?: number | undefined;
}

function checkSplit({ train, validation, test }: Split, { report }: Pick<Examined, "report">): void {
  const path = ["training", "data_split"];
  const sum = train + validation + (test ?? 0);
  const off = test === undefined ? sum >= 1 : Math.abs(sum - 1) > SPLIT_TOLERANCE;
  if (off) {
    report.error("split_sum", path, {
      what: `The parts of data_split add up to ${Number(sum.toFixed(4))}.`,
      why: "train, validation and test share all bars between them.",
      fix: "Write {train: 0.7, validation: 0.15, test: 0.15}.",
    });
  }
  for (const [name, part] of Object.entries({ train, validation })) {
    if (part > 0) continue;
    report.error("split_empty", [...path, name], {
      what: `The ${name} part is empty.`,
      why: name === "train" ? "Nothing would be learnt." : "Without it nobody notices overfitting.",
      fix: "Write {train: 0.7, validation: 0.15, test: 0.15}.",
    });
  }
}
