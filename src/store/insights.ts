/** Insights as they were saved, and the jobs they were drawn from. */
import { hash } from "node:crypto";
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { NewInsight, type Insight } from "../domain/insight.ts";
import type { Engine } from "../domain/result.ts";
import { enginesOf } from "./engines.ts";
import { Instant } from "./job-row.ts";
import { toJsonb } from "./json.ts";
import { run, select, withTransaction, type Pool, type Session } from "./pool.ts";
import { supersede, SUPERSEDES, successorsOf } from "./supersessions.ts";

/** Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface InsightStore {
  /**
   * Saves an insight once, however often it is sent.
   * @returns the insight on record, and whether it was there before
   * @throws DomainError `task_not_found` when a job it names is not on record, and those of `supersede`
   */
  save(insight: NewInsight, client: string): Promise<{ readonly insight: Insight; readonly existing: boolean }>;
  /** Null when there is none of this id. */
  get(insightId: string): Promise<Insight | null>;
  /** The engines that computed the jobs that some insights were drawn from. */
  engines(insightIds: readonly string[]): Promise<readonly Engine[]>;
  /** What holds instead of insights or verdicts, by their ids; those that nothing superseded are left out. */
  successors(ids: readonly string[]): Promise<ReadonlyMap<string, Insight>>;
}

export const InsightRow = NewInsight.extend({ insightId: z.string(), client: z.string(), savedAt: Instant });

/** The same insight has the same id, so that saving it again changes nothing. */
function insightIdOf({ category, body, tags, importance, jobIds, supersedes }: NewInsight): string {
  const lists = [tags, jobIds, supersedes].map((list) => list.toSorted());
  const content = JSON.stringify([category, body, importance, lists]);
  return `insight-${hash("sha256", content).slice(0, 16)}`;
}

/** SQL: the jobs of an insight `i`. */
export const JOB_IDS = `array(select job_id from insight_jobs l where l.insight_id = i.insight_id order by job_id) as job_ids`;

/** Shorter words are similar to too many others; longer ones are seldom words. */
const WORD_LENGTH = { least: 4, most: 40 } as const;

export function createInsightStore(pool: Pool): InsightStore {
  return {
    async save(wanted, client) {
      return await withTransaction(pool, async (session) => {
        const insightId = insightIdOf(wanted);
        await assertKnown(session, wanted.jobIds);
        const inserted = await run(
          session,
          `insert into insights (insight_id, category, body, tags, importance, client)
           values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning insight_id`,
          [insightId, wanted.category, wanted.body, toJsonb(wanted.tags), wanted.importance, client],
        );
        if (inserted.length > 0) {
          await link(session, insightId, wanted.jobIds);
          await supersede(session, insightId, wanted.supersedes);
        }
        const insight = await read(session, insightId);
        if (insight === null) throw new DomainError("internal", { what: "An insight vanished while it was saved." });
        return { insight, existing: inserted.length === 0 };
      });
    },

    get: (insightId) => read(pool, insightId),

    engines: (insightIds) => enginesOf(pool, "insights", insightIds),

    successors: (ids) => successorsOf(pool, ids),
  };
}

async function read(session: Session, insightId: string): Promise<Insight | null> {
  const [found] = await select(
    session,
    InsightRow,
    `select i.*, ${JOB_IDS}, ${SUPERSEDES} from insights i where insight_id = $1`,
    [insightId],
  );
  return found ?? null;
}

async function link(session: Session, insightId: string, jobIds: readonly string[]): Promise<void> {
  await run(session, "insert into insight_jobs select $1, unnest($2::text[]) on conflict do nothing", [
    insightId,
    jobIds,
  ]);
  await learnWords(session, insightId);
}

/** Stores the words of one insight, or of all: a mistyped word of a search is compared with them. */
export async function learnWords(session: Session, insightId: string | null): Promise<void> {
  // Always in one order, so that two savers at once wait for each other instead of ending in a deadlock.
  await run(
    session,
    `insert into insight_words
     select distinct word from insights i, unnest(tsvector_to_array(to_tsvector('simple', i.tags) || to_tsvector('simple', i.body))) word
     where ($1::text is null or i.insight_id = $1) and char_length(word) between $2 and $3 order by word
     on conflict do nothing`,
    [insightId, WORD_LENGTH.least, WORD_LENGTH.most],
  );
}

/** @throws DomainError `task_not_found` */
async function assertKnown(session: Session, jobIds: readonly string[]): Promise<void> {
  const row = z.object({ jobId: z.string() });
  const missing = await select(
    session,
    row,
    "select job_id from unnest($1::text[]) job_id where not exists (select from jobs j where j.job_id = job_id.job_id)",
    [jobIds],
  );
  const [first] = missing;
  if (first === undefined) return;
  throw new DomainError("task_not_found", {
    what: `There is no job ${first.jobId} on record${missing.length > 1 ? `, nor ${missing.length - 1} more of those named` : ""}.`,
    next: "copy the task_id from list_tasks, or save the insight without it",
  });
}
