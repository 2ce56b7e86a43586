import { z } from "zod";
import { LOOKS_AHEAD } from "../domain/insistence.ts";
import { Instant } from "./job-row.ts";

const figure = z.number().nullable();

/** SQL: a learning curve without points, for readers that need none and for curves that are cleaned up. */
export const NO_CURVE = `'{"trainLoss":[],"valLoss":[],"trainAccuracy":[],"valAccuracy":[]}'::jsonb`;

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
    /** Of the saved model, like `finalValAccuracy`, a ratio. */
    finalValLoss: row.final_val_loss,
    finalValAccuracy: row.final_val_accuracy,
    /** Mean absolute error in returns; only of a regression, whose accuracies are directional. */
    mae: row.mae,
    /** Share of the most frequent label in the test part; null when not known. */
    baseRate: row.base_rate,
    /** Ratio. */
    testAccuracy: row.test_accuracy,
    looksAhead: row.looks_ahead,
  }));

/** A model that a training of ours produced. Times are ISO-8601 UTC. */
export type ModelRecord = Readonly<z.infer<typeof ModelRow>>;
