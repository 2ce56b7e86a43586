/** Which job computes which item of a batch, and how far the batch is. */
import { z } from "zod";
import { BatchCounts } from "../domain/results/batch.ts";
import { Instant } from "./job-row.ts";
import { FINAL_STATUSES } from "../domain/outcome.ts";
import { run, select, type Pool } from "./pool.ts";
import { branded } from "./result-row.ts";

export type BatchStage = "training" | "backtest";

/** An item that was begun. */
export type BatchRow = z.infer<typeof Row>;

/** Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface BatchStore {
  /**
   * Writes down the job that computes a stage of an item. May be repeated: the first time counts.
   * @param reused true when somebody else started the job
   */
  note(
    item: { readonly batchId: string; readonly n: number; readonly stage: BatchStage },
    jobId: string,
    reused: boolean,
  ): Promise<void>;
  counts(batchId: string): Promise<BatchCounts>;
  /**
   * Items that were begun, grouped by market and dates. In each group the best figure comes first (Sharpe, else test
   * accuracy), then items without a figure in their order, then branded ones.
   */
  rows(batchId: string, page: { readonly limit: number; readonly offset: number }): Promise<readonly BatchRow[]>;
  /** The jobs of a batch that were begun: their status, and when they computed. */
  pieces(batchId: string): Promise<readonly Piece[]>;
}

/** An item has failed when any of its jobs has, and is completed when its last job is. */
const COUNTS = `
  with item as (
    select i.n, bool_and(i.reused) as reused,
      bool_or(j.status in ('failed', 'terminated')) as failed,
      bool_or(j.status = 'cancelled') as cancelled,
      bool_or(j.status = 'completed' and i.stage = case b.request ->> 'work' when 'train' then 'training' else 'backtest' end)
        as completed
    from batch_items i join jobs b on b.job_id = i.batch_id left join jobs j on j.job_id = i.job_id
    where i.batch_id = $1 group by i.n
  )
  select (count(*) filter (where completed))::int as completed,
    (count(*) filter (where failed))::int as failed,
    (count(*) filter (where cancelled and failed is not true))::int as cancelled,
    (count(*) filter (where completed is not true and failed is not true and cancelled is not true))::int as running,
    (count(*) filter (where completed and reused))::int as reused
  from item`;

const status = z.enum(["open", ...FINAL_STATUSES]).nullable();

const Row = z.object({
  n: z.number(),
  strategy: z.string().nullable(),
  symbol: z.string().nullable(),
  /** Market and dates of the item's last job, and the engine when the batch used several. */
  on: z.string().nullable(),
  /** First and last day of its model's training, and the hash of the strategy text; null when not on record. */
  trainedOn: z.string().nullable(),
  textSha256: z.string().nullable(),
  trainingJobId: z.string().nullable(),
  trainingStatus: status,
  backtestJobId: z.string().nullable(),
  backtestStatus: status,
  /** The training of the model that is backtested, by the batch or by somebody before. */
  modelJobId: z.string().nullable(),
  computing: z.boolean(),
  /** Error code of the job that failed; null when none did. */
  failure: z.string().nullable(),
  /** 0..1; of a regression the share of right directions. */
  testAccuracy: z.number().nullable(),
  /** Of the saved model, like `finalValAccuracy`. */
  finalValLoss: z.number().nullable(),
  finalValAccuracy: z.number().nullable(),
  epochs: z.number().nullable(),
  regression: z.boolean(),
  sharpe: z.number().nullable(),
  totalReturn: z.number().nullable(),
  maxDrawdown: z.number().nullable(),
  trades: z.number().nullable(),
  /** Its Sharpe minus that of buying and holding; null when the latter is not known. */
  excessSharpe: z.number().nullable(),
  /** Share of the most frequent label in the test part (0..1); null when not known. */
  baseRate: z.number().nullable(),
  looksAhead: z.boolean(),
  /** Codes of the caveats of all its results. */
  caveatCodes: z.array(z.string()),
});

const days = (job: string) => `(${job}.request ->> 'startDate') || ' to ' || (${job}.request ->> 'endDate')`;
const place = (job: string) => `${job}.symbol || ' ' || ${job}.timeframe || ', ' || ${days(job)}`;

/** True while KTRDR computes the item: its operation is known and has not ended. */
const COMPUTING = `exists (select from computations c where c.job_id = coalesce(jb.job_id, jt.job_id)
  and c.operation_id is not null and c.ended_at is null) and coalesce(jb.status, jt.status) = 'open'`;

const ROWS = `
  with item as (
    select coalesce(t.n, b.n) as n, coalesce(jt.strategy, jb.strategy) as strategy, coalesce(jt.symbol, jb.symbol) as symbol,
      coalesce(${place("jb")}, ${place("jt")}) as place, ${days("jm")} as "trainedOn",
      jm.request ->> 'strategySha256' as "textSha256",
      t.job_id as "trainingJobId", jt.status as "trainingStatus", b.job_id as "backtestJobId", jb.status as "backtestStatus",
      coalesce(t.job_id, jb.request ->> 'trainingJobId') as "modelJobId", ${COMPUTING} as computing,
      coalesce(jb.outcome, jt.outcome) #>> '{failure,code}' as failure,
      rt.test_accuracy as "testAccuracy", rb.sharpe, rb.total_return as "totalReturn", rb.max_drawdown as "maxDrawdown",
      rb.trades, rb.sharpe - (rb.result #>> '{buyAndHold,sharpe}')::float8 as "excessSharpe",
      ${branded("rt")} or ${branded("rb")} as "looksAhead",
      coalesce(rb.result, rt.result) #>> '{engine,version}' as engine,
      (rt.result #>> '{baseRate,test,share}')::float8 as "baseRate",
      (rt.result ->> 'finalValLoss')::float8 as "finalValLoss", (rt.result ->> 'finalValAccuracy')::float8 as "finalValAccuracy",
      (rt.result ->> 'epochsTrained')::float8 as epochs, coalesce((rt.result ->> 'regression')::boolean, false) as regression,
      jsonb_path_query_array(jsonb_build_array(rt.result -> 'caveats', rb.result -> 'caveats'), '$[*][*].code') as "caveatCodes"
    from (select * from batch_items where batch_id = $1 and stage = 'training') t
      full join (select * from batch_items where batch_id = $1 and stage = 'backtest') b using (n)
      left join jobs jt on jt.job_id = t.job_id left join results rt on rt.job_id = t.job_id
      left join jobs jb on jb.job_id = b.job_id left join results rb on rb.job_id = b.job_id
      left join jobs jm on jm.job_id = coalesce(t.job_id, jb.request ->> 'trainingJobId')
  ), named as (
    select *, place || case when (select count(distinct engine) from item) > 1 and engine is not null
      then ', ' || engine else '' end as "on" from item
  ), placed as (select *, min(n) over (partition by "on") as first_there from named)`;

const BEST_FIRST = `"looksAhead", sharpe desc nulls last, "testAccuracy" desc nulls last, n`;

const PiecesRow = z.object({
  n: z.number(),
  stage: z.enum(["training", "backtest"]),
  status,
  /** When KTRDR began to compute it (ISO-8601 UTC); null before. */
  begunAt: Instant.nullable(),
  endedAt: Instant.nullable(),
  /** Progress 0..100; null before there is any. */
  percent: z.number().nullable(),
  reused: z.boolean(),
});

export type Piece = z.infer<typeof PiecesRow>;

const PIECES = `
  select p.n, p.stage, j.status, c.started_at as "begunAt", j.finished_at as "endedAt", c.percent, p.reused
  from batch_items p left join jobs j using (job_id)
    left join lateral (
      select started_at, (last_seen ->> 'percent')::float8 as percent
      from computations c where c.job_id = p.job_id order by n desc limit 1
    ) c on true
  where p.batch_id = $1
  order by p.n, p.stage desc`;

export function createBatchStore(pool: Pool): BatchStore {
  return {
    async note({ batchId, n, stage }, jobId, reused) {
      await run(
        pool,
        "insert into batch_items (batch_id, n, stage, job_id, reused) values ($1, $2, $3, $4, $5) on conflict do nothing",
        [batchId, n, stage, jobId, reused],
      );
    },

    async counts(batchId) {
      const [counts] = await select(pool, BatchCounts, COUNTS, [batchId]);
      return counts ?? { completed: 0, failed: 0, cancelled: 0, running: 0, reused: 0 };
    },

    rows: (batchId, { limit, offset }) =>
      select(pool, Row, `${ROWS} select * from placed order by first_there, ${BEST_FIRST} limit $2 offset $3`, [
        batchId,
        limit,
        offset,
      ]),

    pieces: (batchId) => select(pool, PiecesRow, PIECES, [batchId]),
  };
}
