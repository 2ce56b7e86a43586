import { z } from "zod";
import { run, select, type Pool } from "./pool.ts";
import { NO_CURVE } from "./result-row.ts";

/**
 * Which old data may be removed: what is needed only while a job runs, or shown nowhere. Jobs, their requests, endings,
 * results and models, insights and experiments always stay, and so does everything of a job that is open, that an
 * insight was drawn from, or that belongs to an experiment.
 */
export const KINDS = ["calls", "start_evidence", "checkpoint_curves", "failed_strategy_texts"] as const;
export type Kind = (typeof KINDS)[number];

export interface Removable {
  readonly kind: Kind;
  readonly what: string;
  readonly rows: number;
  /** Their size in PostgreSQL. */
  readonly bytes: number;
}

interface Rule {
  readonly what: string;
  readonly table: string;
  /** The table's key, by which rows are taken in batches. */
  readonly key: string;
  /** Selects the rows that are older than `$1` days. */
  readonly where: string;
  /** How many bytes removing from a row saves. */
  readonly bytes: string;
  /** The statement that removes it, without its `where`. */
  readonly act: string;
}

/** Jobs that ended long ago. Those of insights and experiments are left out: these refer to them for ever. */
const ENDED = `jobs j where j.job_id = c.job_id and j.status <> 'open' and j.finished_at < now() - $1 * interval '1 day'
  and not exists (select from insight_jobs i where i.job_id in (j.job_id, j.parent_job_id))
  and not exists (select from experiment_jobs e where e.job_id in (j.job_id, j.parent_job_id))
  and not exists (select from batch_items b join experiment_jobs e on e.job_id = b.batch_id where b.job_id = j.job_id)`;
const WITHOUT_RESULT = "not exists (select from results r where r.job_id = j.job_id)";

const RULES: Readonly<Record<Kind, Rule>> = {
  calls: {
    what: "tool calls in the execution log, but for those about jobs of experiments and insights",
    table: "tool_executions c",
    key: "id",
    where: `c.at < now() - $1 * interval '1 day'
      and not exists (select from insight_jobs i where i.job_id = c.task_id)
      and not exists (select from experiment_jobs e where e.job_id = c.task_id)`,
    bytes: "pg_column_size(c.*)",
    act: "delete from tool_executions c",
  },
  start_evidence: {
    what: "computations of ended jobs that list what KTRDR ran when they began (needed for a start whose answer was lost)",
    table: "computations c",
    key: "job_id, n",
    where: `cardinality(c.known_operations) > 0 and exists (select from ${ENDED})`,
    bytes: "pg_column_size(c.known_operations)",
    act: "update computations c set known_operations = '{}'",
  },
  checkpoint_curves: {
    what: "resumed computations of jobs that ended without a result, with the learning curve of their checkpoint",
    table: "computations c",
    key: "job_id, n",
    where: `c.resumed_from -> 'curve' <> ${NO_CURVE} and exists (select from ${ENDED} and ${WITHOUT_RESULT})`,
    bytes: "pg_column_size(c.resumed_from -> 'curve')",
    act: `update computations c set resumed_from = jsonb_set(c.resumed_from, '{curve}', ${NO_CURVE})`,
  },
  failed_strategy_texts: {
    what: "jobs that ended without a result, with the strategy's text (its SHA-256 stays in the request)",
    table: "jobs c",
    key: "job_id",
    where: `c.strategy_text is not null and exists (select from ${ENDED} and ${WITHOUT_RESULT})`,
    bytes: "pg_column_size(c.strategy_text)",
    act: "update jobs c set strategy_text = null",
  },
};

/** Small batches keep transactions short, so that other writers need not wait. */
const BATCH_ROWS = 1_000;

/**
 * Which data would be removed, and how much it is. Changes nothing.
 * @param days rows and endings older than so many days
 */
export async function findOld(pool: Pool, kinds: readonly Kind[], days: number): Promise<Removable[]> {
  const Sum = z.object({ rows: z.number(), bytes: z.number() });
  const findings: Removable[] = [];
  for (const kind of kinds) {
    const { what, table, where, bytes } = RULES[kind];
    const [sum] = await select(
      pool,
      Sum,
      `select count(*)::float8 as rows, coalesce(sum(${bytes}), 0)::float8 as bytes from ${table} where ${where}`,
      [days],
    );
    findings.push({ kind, what, rows: sum?.rows ?? 0, bytes: sum?.bytes ?? 0 });
  }
  return findings;
}

/**
 * Removes the data in batches, while everything runs. May be stopped and repeated at any time.
 * @returns how many rows were changed or deleted
 */
export async function removeOld(pool: Pool, kind: Kind, days: number, signal?: AbortSignal): Promise<number> {
  const { table, key, where, act } = RULES[kind];
  let gone = 0;
  for (;;) {
    signal?.throwIfAborted();
    // Locked rows are left for the next time.
    const batch = `select ${columnsOf(key)} from ${table} where ${where} limit ${BATCH_ROWS} for update of c skip locked`;
    const rows = await run(pool, `${act} where (${columnsOf(key)}) in (${batch}) returning 1`, [days]);
    gone += rows.length;
    if (rows.length === 0) return gone;
  }
}

const columnsOf = (key: string) =>
  key
    .split(", ")
    .map((column) => `c.${column}`)
    .join(", ");
