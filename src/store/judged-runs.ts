/** Runs whose end tells something about their strategy. */
import { z } from "zod";
import { Engine } from "../domain/result.ts";
import { select, type Pool } from "./pool.ts";
import { branded } from "./result-row.ts";
import { sharedDays } from "./shared-days.ts";
import { isPart } from "./part.ts";

export interface JudgedRunFilter {
  readonly strategy?: string;
  readonly symbol?: string;
  readonly timeframe?: string;
  /** Admitted on this day (UTC) or later, YYYY-MM-DD. */
  readonly since?: string;
}

/** A failed job, or a backtest on dates that its model was not trained on; without replays, prefixes and branded results. */
export type RecordedRun = z.infer<typeof RunRow>;

export interface RecordedRuns {
  /** Newest first, at most `MOST_RUNS`. */
  readonly runs: readonly RecordedRun[];
  readonly more: boolean;
  /** Strategy texts by their key in `runs`, without those that were cleaned up. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface JudgedRuns {
  judged(filter: JudgedRunFilter): Promise<RecordedRuns>;
}

const MOST_RUNS = 2_000;
/** Most different texts: reading one takes about a millisecond. */
const MOST_TEXTS = 200;

const RunRow = z.object({
  jobId: z.string(),
  strategy: z.string(),
  symbol: z.string(),
  timeframe: z.string(),
  /** Error code of a job that failed. */
  failure: z.string().nullable(),
  /** Annualised; null for a job that failed. */
  sharpe: z.number().nullable(),
  trades: z.number().nullable(),
  /** Sharpe of buy-and-hold over the same bars; null when not known. */
  holdSharpe: z.number().nullable(),
  /** The days of the request, as "first to last". */
  days: z.string().nullable(),
  engine: Engine.nullable(),
  textKey: z.string().nullable(),
});

const IN_SAMPLE = sharedDays("m.start_date", "m.end_date", "r.result ->> 'startDate'", "r.result ->> 'endDate'");

const RUNS = `
  select j.job_id as "jobId", j.strategy, j.symbol, j.timeframe,
    case when j.status = 'failed' then coalesce(j.outcome #>> '{failure,code}', 'internal') end as failure,
    r.sharpe, r.trades, (r.result #>> '{buyAndHold,sharpe}')::float8 as "holdSharpe", md5(j.strategy_text) as "textKey",
    (j.request ->> 'startDate') || ' to ' || (j.request ->> 'endDate') as days, r.result -> 'engine' as engine
  from jobs j left join results r using (job_id) left join models m on m.job_id = j.request ->> 'trainingJobId'
  where j.kind in ('training', 'backtest') and not ${isPart("j.request")} and (j.force_reason is null or j.force_reason not like 'replay of %')
    and (j.status = 'failed' and j.outcome #>> '{failure,code}' is distinct from 'trials_used_up' or (j.kind = 'backtest' and j.status = 'completed'
      and not ${branded("r")} and not ${IN_SAMPLE}))
    and ($1::text is null or j.strategy = $1) and ($2::text is null or j.symbol = $2)
    and ($3::text is null or j.timeframe = $3)
    and ($4::text is null or j.admitted_at >= ($4 || 'T00:00:00Z')::timestamptz)
  order by j.admitted_at desc, j.job_id desc limit ${MOST_RUNS + 1}`;

const TEXTS = `
  select distinct on (md5(strategy_text)) md5(strategy_text) as key, strategy_text as text
  from jobs where job_id = any($1) and strategy_text is not null limit ${MOST_TEXTS}`;

export function createJudgedRuns(pool: Pool): JudgedRuns {
  return {
    async judged({ strategy, symbol, timeframe, since }) {
      const wanted = [strategy, symbol, timeframe, since].map((value) => value ?? null);
      const found = await select(pool, RunRow, RUNS, wanted);
      const runs = found.slice(0, MOST_RUNS);
      const ids = runs.map(({ jobId }) => jobId);
      const texts = await select(pool, z.object({ key: z.string(), text: z.string() }), TEXTS, [ids]);
      return {
        runs,
        more: found.length > MOST_RUNS,
        texts: new Map(texts.map(({ key, text }) => [key, text])),
      };
    },
  };
}
