/** Champions as they are watched: which look is due, and what is written down of it. */
import { z } from "zod";
import { BacktestRequest } from "../domain/kinds/backtest.ts";
import type { FinalStatus } from "../domain/outcome.ts";
import { forwardOf, forwardText } from "../domain/registry/forward.ts";
import { STAGES, type Round, type Stage } from "../domain/registry/stage.ts";
import { locked, note } from "./candidate-row.ts";
import { forwardBlocks, WATCHES_OF } from "./forward-blocks.ts";
import { select, withTransaction, type Pool, type Session } from "./pool.ts";

export interface WatchStanding {
  readonly stage: Stage;
  /** Whether it is the champion of that round no more. */
  readonly over: boolean;
  /** Until the next look, by the database's clock; 0 when it is due or over. */
  readonly leftMs: number;
}

export interface Watched extends Round {
  readonly strategy: string;
  readonly symbol: string;
  readonly timeframe: string;
}

/** Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface CandidateWatches {
  /** All champions, each with the round in which it was approved. */
  open(): Promise<readonly Watched[]>;
  /** A look is due a month after the approval, and a month after each look. */
  due(watch: Round): Promise<WatchStanding>;
  /**
   * The backtest that looks, without its last day, and how many returns the looks before it had; null for what is no
   * champion.
   */
  asked(watch: Round): Promise<{ readonly request: BacktestRequest; readonly returns: number } | null>;
  /** Adds what all looks show to its history, once for each that is due. */
  note(watch: Round, made: { readonly jobId: string; readonly status: FinalStatus } | null): Promise<void>;
}

const OpenRow = z.object({
  jobId: z.string(),
  round: z.number(),
  strategy: z.string(),
  symbol: z.string(),
  timeframe: z.string(),
});
const OPEN =
  "select job_id, round, strategy, symbol, timeframe from candidates where stage = 'champion' order by job_id";

const DueRow = z.object({ stage: z.enum(STAGES), round: z.number(), leftMs: z.number().nullable() });
const DUE = `
  select c.stage, c.round, (extract(epoch from last.at + interval '1 month' - now()) * 1000)::float8 as left_ms
  from candidates c cross join lateral (select max(e.at) as at from candidate_events e
    where e.job_id = c.job_id and e.round = c.round and e.what in ('approved', 'forward')) last
  where c.job_id = $1`;

const AskedRow = z.object({ request: BacktestRequest, firstDay: z.string(), returns: z.number() });
const ASKED = `
  select a.request, approved.next_day as first_day,
    coalesce((select max((w.result ->> 'equityPoints')::integer) - 1 ${WATCHES_OF}), 0) as returns
  from candidates c join jobs a using (job_id)
    cross join lateral (select to_char(max(at) at time zone 'UTC' + interval '1 day', 'YYYY-MM-DD') as next_day
      from candidate_events e where e.job_id = c.job_id and e.what = 'approved') approved
  where c.job_id = $1 and c.round = $2 and c.stage = 'champion'`;

export function createCandidateWatches(pool: Pool): CandidateWatches {
  return {
    open: () => select(pool, OpenRow, OPEN),
    due: (watch) => dueOf(pool, watch),

    async asked({ jobId, round }) {
      const [row] = await select(pool, AskedRow, ASKED, [jobId, round]);
      if (row === undefined) return null;
      return { request: { ...row.request, startDate: row.firstDay, watches: jobId }, returns: row.returns };
    },

    async note(watch, made) {
      await withTransaction(pool, async (session) => {
        await locked(session, watch.jobId);
        const { over, leftMs } = await dueOf(session, watch);
        if (!over && leftMs === 0) await noteIn(session, watch.jobId, made);
      });
    },
  };
}

async function dueOf(session: Session, { jobId, round }: Round): Promise<WatchStanding> {
  const [row] = await select(session, DueRow, DUE, [jobId]);
  if (row?.stage !== "champion" || row.round !== round) {
    return { stage: row?.stage ?? "withdrawn", over: true, leftMs: 0 };
  }
  return { stage: row.stage, over: false, leftMs: Math.max(0, row.leftMs ?? 0) };
}

type Made = Parameters<CandidateWatches["note"]>[1];

async function noteIn(session: Session, jobId: string, made: Made): Promise<void> {
  const forward = (await forwardBlocks(session, jobId)) ?? forwardOf([], 1);
  const { blocks, sum, evidence, mean } = forward;
  const figures = { blocks, sum, evidence, demotion: mean === "below 0", watch: made?.jobId ?? null };
  const reason = `${missing(made)}${forwardText(forward)}`;
  await note(session, jobId, { what: "forward", by: "the registry", reason, figures });
}

/** Why nothing new is in the figures, in words; empty when something is. */
function missing(made: Made): string {
  if (made === null) return "Too few new bars are stored: load_market_data brings newer ones. ";
  return made.status === "completed" ? "" : `The backtest ${made.jobId} ended as ${made.status}. `;
}
