/** Which insight holds instead of an older one, or instead of an experiment's verdict. Nothing is erased. */
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { NewInsight, type Insight } from "../domain/insight.ts";
import { Instant } from "./job-row.ts";
import { run, select, type Session } from "./pool.ts";

/** SQL: what an insight `i` supersedes. */
export const SUPERSEDES = `array(select superseded from supersessions s where s.successor = i.insight_id order by superseded) as supersedes`;

/**
 * Writes down what an insight that was just saved supersedes.
 * @throws DomainError `insight_not_found`, `experiment_not_found`; `invalid_input` for an experiment without a verdict
 */
export async function supersede(session: Session, successor: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const row = z.object({ id: z.string(), known: z.boolean(), concluded: z.boolean() });
  const found = await select(
    session,
    row,
    `select id, i.insight_id is not null or e.experiment_id is not null as known,
       i.insight_id is not null or e.conclusion is not null as concluded
     from unnest($1::text[]) id left join insights i on i.insight_id = id left join experiments e on e.experiment_id = id
     order by id`,
    [ids],
  );
  for (const { id, known, concluded } of found) {
    if (!known) throw unknown(id);
    if (!concluded) throw open(id);
  }
  await run(
    session,
    `insert into supersessions (successor, insight_id, experiment_id)
     select $1, i.insight_id, e.experiment_id
     from unnest($2::text[]) id left join insights i on i.insight_id = id left join experiments e on e.experiment_id = id`,
    [successor, ids],
  );
}

const unknown = (id: string) =>
  id.startsWith("insight-")
    ? new DomainError("insight_not_found", {
        what: `There is no insight ${id} that could be superseded.`,
        next: "search_insights finds its insight_id; nothing was saved",
      })
    : new DomainError("experiment_not_found", {
        what: `There is no experiment ${id} that could be superseded.`,
        next: "list_experiments shows its experiment_id; nothing was saved",
      });

const open = (id: string) =>
  new DomainError("invalid_input", {
    what: `The experiment ${id} has no verdict yet that could be superseded.`,
    next: "conclude_experiment first, or save the insight without it; nothing was saved",
  });

/** An insight cannot supersede a later one, so chains end. The limit keeps a database that was changed by hand from hanging. */
const LONGEST_CHAIN = 100;

const SuccessorRow = NewInsight.extend({
  insightId: z.string(),
  client: z.string(),
  savedAt: Instant,
  origin: z.string(),
});

/**
 * What holds today instead of some insights or verdicts: the newest successor, and where that was superseded too, its own.
 * @returns by the ids that were superseded; others are left out
 */
export async function successorsOf(session: Session, ids: readonly string[]): Promise<ReadonlyMap<string, Insight>> {
  if (ids.length === 0) return new Map();
  const rows = await select(
    session,
    SuccessorRow,
    `with recursive chain as (
       select id as origin, id, 0 as depth from unnest($1::text[]) id
       union all
       select origin, next.successor, depth + 1 from chain
       cross join lateral (
         select successor from supersessions s join insights i on i.insight_id = s.successor
         where s.superseded = chain.id order by i.saved_at desc, i.insight_id desc limit 1) next
       where depth < ${LONGEST_CHAIN}
     ), last as (select distinct on (origin) origin, id from chain where depth > 0 order by origin, depth desc)
     select last.origin, i.*,
       array(select job_id from insight_jobs l where l.insight_id = i.insight_id order by job_id) as job_ids, ${SUPERSEDES}
     from last join insights i on i.insight_id = last.id`,
    [ids],
  );
  return new Map(rows.map(({ origin, ...successor }) => [origin, successor]));
}
