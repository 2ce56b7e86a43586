import { z } from "zod";
import { Engine } from "../domain/result.ts";
import { select, type Pool } from "./pool.ts";

const JOBS_OF = {
  experiments: "select job_id from experiment_jobs where experiment_id = any($1)",
  insights: "select job_id from insight_jobs where insight_id = any($1)",
} as const;

/** The engines that computed the results of some experiments or insights, each once. */
export async function enginesOf(
  pool: Pool,
  what: keyof typeof JOBS_OF,
  ids: readonly string[],
): Promise<readonly Engine[]> {
  const row = z.object({ engine: Engine });
  const statement = `select distinct result -> 'engine' as engine from results where job_id in (${JOBS_OF[what]})`;
  return (await select(pool, row, statement, [ids])).map(({ engine }) => engine);
}
