import { z } from "zod";
import { JobResult } from "../domain/kinds/index.ts";
import { pageSize } from "./job-reader.ts";
import { select, type Pool } from "./pool.ts";
import { MODEL_COLUMNS, ModelRow, type ModelRecord } from "./result-row.ts";

export interface ModelFilter {
  readonly strategy?: string;
  readonly symbol?: string;
  /** Rows at most, 1..500. Default 20. */
  readonly limit?: number;
}

/** Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface ResultReader {
  /** Null while a job has no result, and for jobs that never have one. */
  get(jobId: string): Promise<JobResult | null>;
  /** Backtests of other models that came out the same, digit for digit, on the same market and days; the oldest first. */
  twins(jobId: string): Promise<readonly string[]>;
  /** Newest first. */
  listModels(filter?: ModelFilter): Promise<ModelRecord[]>;
  /** The newest model at this path, since KTRDR reuses paths after its folder was emptied; null when it is not ours. */
  findModel(modelPath: string): Promise<ModelRecord | null>;
}

/** Without trades all are alike. */
const TWINS = `
  select b.job_id from results a join results b on b.total_return = a.total_return and b.trades = a.trades
    and b.max_drawdown = a.max_drawdown and b.sharpe is not distinct from a.sharpe and b.symbol = a.symbol
    and b.result ->> 'startDate' = a.result ->> 'startDate' and b.result ->> 'endDate' = a.result ->> 'endDate'
    and b.model_path <> a.model_path
  where a.job_id = $1 and a.kind = 'backtest' and b.kind = 'backtest' and a.trades > 0
  order by b.recorded_at, b.job_id limit 3`;

export function createResultReader(pool: Pool): ResultReader {
  return {
    async get(jobId) {
      const row = z.object({ result: JobResult });
      const [found] = await select(pool, row, "select result from results where job_id = $1", [jobId]);
      return found?.result ?? null;
    },

    async twins(jobId) {
      const found = await select(pool, z.object({ jobId: z.string() }), TWINS, [jobId]);
      return found.map((row) => row.jobId);
    },

    listModels(filter = {}) {
      return select(
        pool,
        ModelRow,
        `select ${MODEL_COLUMNS} where ($1::text is null or m.strategy = $1) and ($2::text is null or m.symbol = $2)
         order by m.created_at desc, job_id desc limit $3`,
        [filter.strategy ?? null, filter.symbol ?? null, pageSize(filter.limit)],
      );
    },

    async findModel(modelPath) {
      const [model] = await select(
        pool,
        ModelRow,
        `select ${MODEL_COLUMNS} where m.model_path = $1 order by m.created_at desc limit 1`,
        [modelPath],
      );
      return model ?? null;
    },
  };
}
