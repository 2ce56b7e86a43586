/** The memory of research as rows for another database: ended jobs, and what was learnt from them. */
import { z } from "zod";
import { select, type Session } from "./pool.ts";
import { quoted, type Snapshot, type Table } from "./snapshot.ts";

const OF_CAMPAIGN = "exists (select from jobs c where c.job_id = r.campaign_id)";

/** The tables in the order in which rows can be inserted, each with what must exist for a row to make sense. */
const GUARDS = {
  jobs: "true",
  results: "exists (select from jobs j where j.job_id = r.job_id and j.kind = r.kind)",
  models: "exists (select from results t where t.job_id = r.job_id)",
  experiments: "true",
  experiment_jobs: "exists (select from experiments e where e.experiment_id = r.experiment_id)",
  insights: "true",
  insight_jobs:
    "exists (select from insights i where i.insight_id = r.insight_id) and exists (select from jobs j where j.job_id = r.job_id)",
  supersessions:
    "exists (select from insights i where i.insight_id = r.successor) and (exists (select from insights i where i.insight_id = r.insight_id) or exists (select from experiments e where e.experiment_id = r.experiment_id))",
  batch_items: "exists (select from jobs b where b.job_id = r.batch_id)",
  campaign_steps: OF_CAMPAIGN,
  campaign_points: OF_CAMPAIGN,
  campaign_runs: OF_CAMPAIGN,
  campaign_orders: OF_CAMPAIGN,
} as const;

export type MemoryTable = keyof typeof GUARDS;

export const MEMORY_TABLES = Object.keys(GUARDS) as [MemoryTable, ...MemoryTable[]];

type Row = Readonly<Record<string, unknown>>;

/** All rows at the moment of the snapshot, without open jobs and what belongs to open batches and campaigns. */
export async function* memoryRows(
  snapshot: Snapshot,
): AsyncGenerator<{ readonly table: MemoryTable; readonly row: Row }> {
  const open = new Set<unknown>();
  for (const name of MEMORY_TABLES) {
    const table = snapshot.tables.find((one) => one.name === name);
    if (table === undefined) continue;
    for await (const rows of snapshot.rows(table)) {
      for (const text of rows) {
        const row = JSON.parse(text) as Row;
        if (name === "jobs" && row["status"] === "open") open.add(row["job_id"]);
        const belongsTo = name === "jobs" ? row["job_id"] : (row["campaign_id"] ?? row["batch_id"]);
        if (!open.has(belongsTo)) yield { table: name, row };
      }
    }
  }
}

/**
 * Adds rows of one table. Existing rows stay as they are; rows that refer to missing ones are left out.
 * @param tables the database's tables, from `tablesOf`
 * @returns how many were added
 */
export async function addRows(
  session: Session,
  tables: readonly Table[],
  name: MemoryTable,
  rows: readonly Row[],
): Promise<number> {
  const [first] = rows;
  const table = tables.find((one) => one.name === name);
  if (first === undefined || table === undefined) return 0;
  const columns = columnsIn(table, first);
  const added = await select(
    session,
    z.object({ n: z.number() }),
    `with added as (
       insert into ${quoted(name)} (${columns})
       select ${columns} from jsonb_populate_recordset(null::${quoted(name)}, $1::jsonb) r where ${GUARDS[name]}
       on conflict do nothing returning 1
     ) select count(*)::int as n from added`,
    [JSON.stringify(rows)],
  );
  return added[0]?.n ?? 0;
}

/** A row of an older version has fewer columns. */
const columnsIn = ({ columns }: Table, row: Row): string =>
  columns
    .filter((column) => Object.hasOwn(row, column))
    .map(quoted)
    .join(", ");
