import { z } from "zod";
import { JobResult } from "../domain/kinds/index.ts";
import type { RunOnRecord } from "../domain/run-on-record.ts";
import { pageSize } from "./job-reader.ts";
import { select, type Pool } from "./pool.ts";
import { MODEL_COLUMNS, ModelRow, type ModelRecord } from "./result-row.ts";
import { RUN_COLUMNS, RUN_JOINS, runOf, RunRow } from "./run-row.ts";
import { isPart } from "./part.ts";

export interface ModelFilter {
  /** Without it models of strategies that campaigns made are left out: there are hundreds of them. */
  readonly strategy?: string;
  readonly symbol?: string;
  /** Rows at most, 1..500. Default 20. */
  readonly limit?: number;
}

/** A backtest of one draw. */
export interface Draw {
  readonly jobId: string;
  /** Annual. */
  readonly sharpe: number;
}

/** `of` is the backtest that was asked for. */
const DrawRow = z.object({ of: z.string(), jobId: z.string(), sharpe: z.number() });

/** Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface ResultReader {
  /** Null while a job has no result, and for jobs that never have one. */
  get(jobId: string): Promise<JobResult | null>;
  /** Jobs as they are weighed, with their results; unknown ids are left out. */
  runs(jobIds: readonly string[]): Promise<readonly RunOnRecord[]>;
  /** Backtests of other models that came out the same, digit for digit, on the same market and days; the oldest first. */
  twins(jobId: string): Promise<readonly string[]>;
  /**
   * A backtest and its sisters: the same backtest of other draws of the same training. None when its training is not on
   * record.
   */
  draws(jobId: string): Promise<readonly Draw[]>;
  /** The same of several backtests, by their ids; those without any are left out. */
  drawsOf(jobIds: readonly string[]): Promise<ReadonlyMap<string, readonly Draw[]>>;
  /** Newest first. */
  listModels(filter?: ModelFilter): Promise<ModelRecord[]>;
  /** How many models are left out, on one symbol or on all. */
  countLeftOut(symbol: string | null): Promise<number>;
  /** The newest model at this path, since KTRDR reuses paths after its folder was emptied; null when it is not ours. */
  findModel(modelPath: string): Promise<ModelRecord | null>;
}

/** SQL: whether a campaign made the strategy of a model `m`. */
const MADE = "exists (select from campaign_runs made where made.role = 'train' and made.strategy = m.strategy)";

/** SQL: whether two jobs ask for the same, some fields aside. */
function sameBut(one: string, other: string, fields: readonly string[]): string {
  const without = fields.map((field) => ` - '${field}'`).join("");
  return `${one}.request${without} = ${other}.request${without}`;
}

/** Without trades all are alike. */
const TWINS = `
  select b.job_id from results a join results b on b.total_return = a.total_return and b.trades = a.trades
    and b.max_drawdown = a.max_drawdown and b.sharpe is not distinct from a.sharpe and b.symbol = a.symbol
    and b.result ->> 'startDate' = a.result ->> 'startDate' and b.result ->> 'endDate' = a.result ->> 'endDate'
    and b.model_path <> a.model_path
  where a.job_id = $1 and a.kind = 'backtest' and b.kind = 'backtest' and a.trades > 0 and not ${isPart("b.result")}
  order by b.recorded_at, b.job_id limit 3`;

/**
 * SQL: `$1` are backtests; the sisters of each have the columns of `DrawRow`. One backtest after the other: together they
 * would be sought among all jobs.
 * Of several of one model the one that was asked about counts, else always the same one.
 * @param which condition on their results `r`
 */
export const sistersSql = (which: string): string => `
  select asked.of, draw.* from unnest($1::text[]) asked (of) cross join lateral (
  select distinct on (r.model_path) r.job_id, r.sharpe
  from jobs a join models ma on ma.job_id = a.request ->> 'trainingJobId'
    join jobs b on b.kind = 'backtest' and b.strategy = a.strategy and b.symbol = a.symbol
      and b.request ->> 'startDate' = a.request ->> 'startDate' and ${sameBut("b", "a", ["modelPath", "trainingJobId", "insisted"])}
    join models mb on mb.job_id = b.request ->> 'trainingJobId' and (mb.symbol, mb.timeframe, mb.start_date, mb.end_date)
      = (ma.symbol, ma.timeframe, ma.start_date, ma.end_date)
    join results r on r.job_id = b.job_id
  where a.job_id = asked.of and ${which} and not ${isPart("b.request")}
  order by r.model_path, (r.job_id = asked.of) desc, r.job_id) draw`;

const DRAWS = sistersSql("r.sharpe is not null");

export function createResultReader(pool: Pool): ResultReader {
  const drawsOf = async (jobIds: readonly string[]) =>
    Map.groupBy(await select(pool, DrawRow, DRAWS, [[...jobIds]]), ({ of }) => of);
  return {
    async get(jobId) {
      const row = z.object({ result: JobResult });
      const [found] = await select(pool, row, "select result from results where job_id = $1", [jobId]);
      return found?.result ?? null;
    },

    async runs(jobIds) {
      if (jobIds.length === 0) return [];
      const statement = `select j.job_id, ${RUN_COLUMNS} from jobs j ${RUN_JOINS} where j.job_id = any($1) order by j.job_id`;
      return (await select(pool, RunRow, statement, [jobIds])).map(runOf);
    },

    async twins(jobId) {
      const found = await select(pool, z.object({ jobId: z.string() }), TWINS, [jobId]);
      return found.map((row) => row.jobId);
    },

    draws: async (jobId) => (await drawsOf([jobId])).get(jobId) ?? [],

    drawsOf,

    listModels(filter = {}) {
      return select(
        pool,
        ModelRow,
        `select ${MODEL_COLUMNS} where ($1::text is null and not ${MADE} or m.strategy = $1) and ($2::text is null or m.symbol = $2)
         order by m.created_at desc, job_id desc limit $3`,
        [filter.strategy ?? null, filter.symbol ?? null, pageSize(filter.limit)],
      );
    },

    async countLeftOut(symbol) {
      const sql = `select count(*)::integer as count from models m where ${MADE} and ($1::text is null or m.symbol = $1)`;
      const [row] = await select(pool, z.object({ count: z.number() }), sql, [symbol]);
      return row?.count ?? 0;
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
