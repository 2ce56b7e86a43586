/** What was measured of a champion on days after its approval. */
import { z } from "zod";
import { forwardOf, type Forward } from "../domain/registry/forward.ts";
import { KTRDR_BARS_PER_YEAR } from "../domain/results/bars-per-year.ts";
import { select, type Pool } from "./pool.ts";

const Row = z.object({
  /** As KTRDR gave it of the approved backtest, annualised with 252; null where it did not. */
  volatility: z.number().nullable(),
  blocks: z.array(z.looseObject({ count: z.number(), sum: z.number() })),
});

/**
 * Measurements of the same model on the same market at the same costs, on days after the approval. That which begins first
 * and ends last counts: nobody may leave bad months out.
 */
const FORWARD = `
  select (r.result #>> '{raw,volatility}')::float8 as volatility, f.result -> 'blocks' as blocks
  from candidates c join jobs a using (job_id) join results r using (job_id)
    cross join lateral (select max(at) as at from candidate_events e where e.job_id = c.job_id and e.what = 'approved') approved
    cross join lateral (
      select m.result from jobs j join results m on m.job_id = j.job_id
      where j.strategy = c.strategy and j.kind = 'measurement' and j.status = 'completed'
        and j.request - '{kind,measures,ends,startDate,endDate,insisted}'::text[]
          = a.request - '{kind,startDate,endDate,insisted}'::text[]
        and j.request ->> 'startDate' > to_char(approved.at at time zone 'UTC', 'YYYY-MM-DD')
        and m.result -> 'differs' = '[]'
      order by j.request ->> 'startDate', j.request ->> 'endDate' desc, j.finished_at desc limit 1) f
  where c.job_id = $1 and c.stage = 'champion'`;

/** Null while nothing was measured, and for one that is no champion. @throws DomainError `database_unavailable` */
export async function forwardBlocks(pool: Pool, jobId: string): Promise<Forward | null> {
  const [found] = await select(pool, Row, FORWARD, [jobId]);
  if (found?.volatility == null || found.volatility <= 0) return null;
  return forwardOf(found.blocks, found.volatility / Math.sqrt(KTRDR_BARS_PER_YEAR));
}
