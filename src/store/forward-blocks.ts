/** What days after its approval say of a champion. */
import { z } from "zod";
import { forwardOf, watchedBlocks, type Forward } from "../domain/registry/forward.ts";
import { KTRDR_BARS_PER_YEAR } from "../domain/results/bars-per-year.ts";
import { select, type Session } from "./pool.ts";

const figure = z.number().nullable();
const Row = z.object({
  /** As KTRDR gave it of the approved backtest, annualised with 252; null where it did not. */
  volatility: figure,
  /** Of a measurement that somebody asked for; null without one. */
  blocks: z.array(z.looseObject({ count: z.number(), sum: z.number() })).nullable(),
  /** KTRDR's own figures of each watch, the shortest first. */
  watches: z.array(z.object({ points: z.number(), sharpe: figure, volatility: figure })),
});

/** SQL, from a candidate `c` and the day after its approval, `approved.next_day`: its finished watches `w`. */
export const WATCHES_OF = `
  from jobs b join results w on w.job_id = b.job_id
  where b.kind = 'backtest' and b.request ? 'watches' and b.request ->> 'watches' = c.job_id and b.status = 'completed'
    and b.request ->> 'startDate' = approved.next_day`;

/**
 * Measurements of the same model on the same market at the same costs, on days after the approval. That which begins first
 * and ends last counts: nobody may leave bad months out.
 */
const FORWARD = `
  select (r.result #>> '{raw,volatility}')::float8 as volatility, f.result -> 'blocks' as blocks,
    (select coalesce(jsonb_agg(jsonb_build_object('points', w.result -> 'equityPoints',
        'sharpe', w.result #> '{raw,sharpe_ratio}', 'volatility', w.result #> '{raw,volatility}')
        order by b.request ->> 'endDate'), '[]') ${WATCHES_OF}) as watches
  from candidates c join jobs a using (job_id) join results r using (job_id)
    cross join lateral (select to_char(max(at) at time zone 'UTC' + interval '1 day', 'YYYY-MM-DD') as next_day
      from candidate_events e where e.job_id = c.job_id and e.what = 'approved') approved
    left join lateral (
      select m.result from jobs j join results m on m.job_id = j.job_id
      where j.strategy = c.strategy and j.kind = 'measurement' and j.status = 'completed'
        and j.request - '{kind,measures,ends,startDate,endDate,insisted}'::text[]
          = a.request - '{kind,startDate,endDate,insisted}'::text[]
        and j.request ->> 'startDate' >= approved.next_day
        and m.result -> 'differs' = '[]'
      order by j.request ->> 'startDate', j.request ->> 'endDate' desc, j.finished_at desc limit 1) f on true
  where c.job_id = $1 and c.stage = 'champion'`;

/**
 * The monthly watches count, which begin first and whose days nobody chose; without any, what somebody measured. Null while
 * there is neither, and for one that is no champion.
 * @throws DomainError `database_unavailable`
 */
export async function forwardBlocks(session: Session, jobId: string): Promise<Forward | null> {
  const [found] = await select(session, Row, FORWARD, [jobId]);
  if (found?.volatility == null || found.volatility <= 0) return null;
  const watched = watchedBlocks(
    found.watches.map(({ points, sharpe, volatility }) => {
      return { returns: points - 1, sharpe: sharpe ?? 0, volatility: volatility ?? 0 };
    }),
  );
  const blocks = watched.length > 0 ? watched : found.blocks;
  return blocks === null ? null : forwardOf(blocks, found.volatility / Math.sqrt(KTRDR_BARS_PER_YEAR));
}
