/** The parts of the tools' answers that the demo looks at. */
import { z } from "zod";

export const Text = z.looseObject({ text: z.string() });

export const Judged = z.looseObject({
  valid: z.boolean().optional(),
  warnings: z.array(z.looseObject({ what: z.string() })).default([]),
});

export const Started = z.looseObject({
  task_id: z.string(),
  existing: z.boolean(),
  warnings: z.array(z.string()),
});

export const Status = z.looseObject({
  state: z.string(),
  final: z.boolean(),
  headline: z.string(),
  percent: z.number().optional(),
  heartbeat_age_seconds: z.number().optional(),
  faults_overcome: z.array(z.string()).optional(),
});
export type StatusAnswer = z.infer<typeof Status>;

const figures = z.record(z.string(), z.unknown());

export const Results = z.looseObject({
  status: z.string(),
  headline: z.string(),
  figures: figures.optional(),
  buy_and_hold: figures.optional(),
  luck: z.looseObject({ says: z.string() }).optional(),
  caveats: z.array(z.string()).optional(),
  curve: z.looseObject({ train_loss: z.array(z.number()), val_loss: z.array(z.number()) }).optional(),
});
export type ResultsAnswer = z.infer<typeof Results>;

export const Anything = z.looseObject({});
