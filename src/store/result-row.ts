import { z } from "zod";
import { LOOKS_AHEAD } from "../domain/insistence.ts";
import { Engine } from "../domain/result.ts";
import { Instant } from "./job-row.ts";

const figure = z.number().nullable();

/** SQL: a learning curve without points, for readers that need none and for curves that are cleaned up. */
export const NO_CURVE = `'{"trainLoss":[],"valLoss":[],"trainAccuracy":[],"valAccuracy":[]}'::jsonb`;

/** SQL: whether the result of the table `results` under this name is branded; see domain/insistence.ts. */
export const branded = (results: string): string => hasCaveat(results, LOOKS_AHEAD);

/** SQL: whether the result of the table `results` under this name has a caveat with this code. */
export const hasCaveat = (results: string, code: string): string =>
  `coalesce(${results}.result -> 'caveats' @> '[{"code": "${code}"}]', false)`;

/** The columns of `ModelRow`; `models` and `results` are joined. */
export const MODEL_COLUMNS = `m.*, ${branded("r")} as looks_ahead,
  jsonb_build_object('name', m.engine_name, 'version', m.engine_version) as engine,
  (r.result ->> 'finalValLoss')::float8 as final_val_loss, (r.result ->> 'finalValAccuracy')::float8 as final_val_accuracy,
  (r.result ->> 'mae')::float8 as mae, (r.result #>> '{baseRate,test,share}')::float8 as base_rate from models m left join results r using (job_id)`;

export const ModelRow = z.object({
  /** The training that made it. */
  jobId: z.string(),
  modelPath: z.string(),
  engine: Engine,
  strategy: z.string(),
  symbol: z.string(),
  timeframe: z.string(),
  startDate: z.string(),
  endDate: z.string(),
  createdAt: Instant,
  epochsTrained: z.number(),
  /** Of the saved model, like `finalValAccuracy`, a ratio. */
  finalValLoss: figure,
  finalValAccuracy: figure,
  /** Mean absolute error in returns; only of a regression, whose accuracies are directional. */
  mae: figure,
  /** Share of the most frequent label in the test part; null when not known. */
  baseRate: figure,
  /** Ratio. */
  testAccuracy: figure,
  looksAhead: z.boolean(),
});

/** A model that a training of ours produced. Times are ISO-8601 UTC. */
export type ModelRecord = Readonly<z.infer<typeof ModelRow>>;
