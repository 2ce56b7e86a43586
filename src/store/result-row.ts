import { z } from "zod";
import { LOOKS_AHEAD } from "../domain/insistence.ts";
import type { JobResult } from "../domain/result.ts";
import { EngineSchema, Instant } from "./job-row.ts";

const figure = z.number().nullable();
const figures = z.array(z.number());
const market = { symbol: z.string(), timeframe: z.string() };
const window = { startDate: z.string(), endDate: z.string() };
const spread = z.object({ median: z.number(), min: z.number(), max: z.number(), n: z.number() }).nullable();
const origin = { caveats: z.array(z.object({ code: z.string(), text: z.string() })), engine: EngineSchema };

const fingerprint = z
  .object({ bars: z.number(), first: z.string(), last: z.string(), sha256: z.string() })
  .nullable()
  .optional();

const labelShare = z.object({ label: z.string(), share: z.number() });
const baseRate = labelShare.extend({ test: labelShare.nullable() });

const Training = z.object({
  kind: z.literal("training"),
  modelPath: z.string(),
  strategy: z.string(),
  ...market,
  ...window,
  epochsTrained: z.int(),
  bestEpoch: figure,
  bestValLoss: figure,
  savedEpoch: z.number().optional(),
  finalTrainLoss: figure,
  finalValLoss: figure,
  bestValAccuracy: figure,
  finalValAccuracy: figure,
  testAccuracy: figure,
  testLoss: figure,
  precision: figure,
  recall: figure,
  f1: figure,
  regression: z.boolean().optional(),
  mae: figure.optional(),
  baseRate: baseRate.nullable().optional(),
  parameters: figure,
  featureCount: figure,
  samples: figure,
  trainingSeconds: figure,
  data: fingerprint,
  curve: z.object({ trainLoss: figures, valLoss: figures, trainAccuracy: figures, valAccuracy: figures }),
  ...origin,
});

const BuyAndHold = z.object({
  totalReturn: z.number(),
  annualReturn: figure,
  sharpe: z.number().nullable(),
  maxDrawdown: z.number(),
  bars: z.number(),
});

const Backtest = z.object({
  kind: z.literal("backtest"),
  strategy: z.string(),
  ...market,
  ...window,
  modelPath: z.string(),
  initialCapital: z.number(),
  commission: z.number(),
  slippage: z.number(),
  totalReturn: z.number(),
  annualReturn: figure,
  sharpe: figure,
  sortino: figure,
  volatility: z.number(),
  maxDrawdown: z.number(),
  calmar: figure,
  trades: z.number(),
  winRate: figure,
  profitFactor: figure,
  avgHoldingHours: figure,
  equityPoints: z.number(),
  buyAndHold: BuyAndHold.nullable(),
  raw: z.record(z.string(), z.number()),
  data: fingerprint,
  ...origin,
});

const DataLoad = z.object({
  kind: z.literal("data_load"),
  ...market,
  firstBar: z.string(),
  lastBar: z.string(),
  bars: z.number(),
  barsAdded: figure,
  ...origin,
});

const Batch = z.object({
  kind: z.literal("batch"),
  items: z.number(),
  completed: z.number(),
  failed: z.number(),
  cancelled: z.number(),
  reused: z.number(),
  draws: z.object({ sharpe: spread, validationLoss: spread, testAccuracy: spread }).optional(),
  ...origin,
});

/** A learning curve without any point, in SQL: for those who do not look at it, and for those that are not kept. */
export const NO_CURVE = `'{"trainLoss":[],"valLoss":[],"trainAccuracy":[],"valAccuracy":[]}'::jsonb`;

/** Finite numbers only: JSON knows no others, and a stored result must read back as it was. */
export const ResultSchema: z.ZodType<JobResult> = z.discriminatedUnion("kind", [Training, Backtest, DataLoad, Batch]);

/** SQL: whether the result of the table `results` under this name is branded; see domain/insistence.ts. */
export const branded = (results: string): string =>
  `coalesce(${results}.result -> 'caveats' @> '[{"code": "${LOOKS_AHEAD}"}]', false)`;

/** The columns of `ModelRow`; `models` and `results` are joined. */
export const MODEL_COLUMNS = `m.*, ${branded("r")} as looks_ahead,
  (r.result ->> 'finalValLoss')::float8 as final_val_loss, (r.result ->> 'finalValAccuracy')::float8 as final_val_accuracy,
  (r.result ->> 'mae')::float8 as mae, (r.result #>> '{baseRate,test,share}')::float8 as base_rate from models m left join results r using (job_id)`;

export const ModelRow = z
  .object({
    job_id: z.string(),
    model_path: z.string(),
    engine_name: z.enum(["ktrdr", "sandbox"]),
    engine_version: z.string(),
    strategy: z.string(),
    symbol: z.string(),
    timeframe: z.string(),
    start_date: z.string(),
    end_date: z.string(),
    created_at: Instant,
    epochs_trained: z.number(),
    final_val_loss: figure,
    final_val_accuracy: figure,
    mae: figure,
    base_rate: figure,
    test_accuracy: figure,
    looks_ahead: z.boolean(),
  })
  .transform((row) => ({
    /** The training that made it. */
    jobId: row.job_id,
    modelPath: row.model_path,
    engine: { name: row.engine_name, version: row.engine_version },
    strategy: row.strategy,
    symbol: row.symbol,
    timeframe: row.timeframe,
    startDate: row.start_date,
    endDate: row.end_date,
    createdAt: row.created_at,
    epochsTrained: row.epochs_trained,
    /** Of the saved model, as is the accuracy, a ratio. */
    finalValLoss: row.final_val_loss,
    finalValAccuracy: row.final_val_accuracy,
    /** In returns; of a regression only. Then accuracies are directional. */
    mae: row.mae,
    /** Ratio. */
    testAccuracy: row.test_accuracy,
    /** How often the most frequent label of the test part comes; null where that is not known. */
    baseRate: row.base_rate,
    looksAhead: row.looks_ahead,
  }));

/** A model that a training of ours produced. Times are ISO-8601 UTC. */
export type ModelRecord = Readonly<z.infer<typeof ModelRow>>;
