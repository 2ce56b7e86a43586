/** Which job answers which item of a batch, and how far the batch is. */
import { z } from "zod";
import type { BatchCounts } from "../domain/results/batch.ts";
import { FINAL_STATUSES } from "./job-row.ts";
import { run, select, type Pool } from "./pool.ts";
import { branded } from "./result-row.ts";

export type BatchStage = "training" | "backtest";

/** An item that was begun. */
export type BatchRow = z.infer<typeof Row>;

/** Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface BatchStore {
  /**
   * Writes down the job that answers a stage of an item. May be repeated: the first time counts.
   * @param reused it was started by somebody else
   */
  note(
    item: { readonly batchId: string; readonly n: number; readonly stage: BatchStage },
    jobId: string,
    reused: boolean,
  ): Promise<void>;
  counts(batchId: string): Promise<BatchCounts>;
  /** Items that were begun, those with the best figure first (Sharpe, else test accuracy), then the others in order; branded ones last. */
  rows(batchId: string, page: { readonly limit: number; readonly offset: number }): Promise<readonly BatchRow[]>;
}

const Counts = z.object({
  completed: z.number(),
  failed: z.number(),
  cancelled: z.number(),
  running: z.number(),
  reused: z.number(),
});

/** An item has failed with any of its jobs, and is completed with its last one. */
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
  trainingJobId: z.string().nullable(),
  trainingStatus: status,
  backtestJobId: z.string().nullable(),
  backtestStatus: status,
  testAccuracy: z.number().nullable(),
  sharpe: z.number().nullable(),
  totalReturn: z.number().nullable(),
  maxDrawdown: z.number().nullable(),
  looksAhead: z.boolean(),
});

const ROWS = `
  select coalesce(t.n, b.n) as n, coalesce(jt.strategy, jb.strategy) as strategy, coalesce(jt.symbol, jb.symbol) as symbol,
    t.job_id as "trainingJobId", jt.status as "trainingStatus", b.job_id as "backtestJobId", jb.status as "backtestStatus",
    rt.test_accuracy as "testAccuracy", rb.sharpe, rb.total_return as "totalReturn", rb.max_drawdown as "maxDrawdown",
    ${branded("rt")} or ${branded("rb")} as "looksAhead"
  from (select * from batch_items where batch_id = $1 and stage = 'training') t
    full join (select * from batch_items where batch_id = $1 and stage = 'backtest') b using (n)
    left join jobs jt on jt.job_id = t.job_id left join results rt on rt.job_id = t.job_id
    left join jobs jb on jb.job_id = b.job_id left join results rb on rb.job_id = b.job_id
  order by "looksAhead", rb.sharpe desc nulls last, rt.test_accuracy desc nulls last, 1
  limit $2 offset $3`;

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
      const [counts] = await select(pool, Counts, COUNTS, [batchId]);
      return counts ?? { completed: 0, failed: 0, cancelled: 0, running: 0, reused: 0 };
    },

    rows: (batchId, { limit, offset }) => select(pool, Row, ROWS, [batchId, limit, offset]),
  };
}
