/** What strategies did: the runs of each, its backtests grouped into draws of one thing, and the texts that they ran. */
import { z } from "zod";
import { ENOUGH_TRADES } from "../domain/luck/run-luck.ts";
import { FINAL_STATUSES } from "../domain/outcome.ts";
import { BAD_BARS } from "../domain/results/bar-soundness.ts";
import { Instant } from "./job-row.ts";
import type { KeptUntilTrial } from "./kept-until-trial.ts";
import { select, type Pool } from "./pool.ts";
import { branded, hasCaveat } from "./result-row.ts";
import { sharedDays } from "./shared-days.ts";
import { isPart } from "./part.ts";

const NamedRow = z.object({ strategy: z.string(), newestJobAt: Instant });
/** A strategy on record, and when the newest job of it was asked for. */
export type StrategyOnRecord = Readonly<z.infer<typeof NamedRow>>;

const RanRow = z.object({
  strategy: z.string(),
  /** Finished ones, without the parts of measurements and walk-forwards. */
  trainings: z.number(),
  backtests: z.number(),
});

const BestRow = z.object({
  strategy: z.string(),
  /** The draw in the middle of the group that chance explains least. */
  middle: z.string(),
  /** How many draws that group has. */
  draws: z.number(),
});

/** How often a strategy ran, and the best of it; both null when no group counts. */
export type StrategyStanding = Readonly<z.infer<typeof RanRow>> & {
  readonly middle: string | null;
  readonly draws: number | null;
};

const JobsRow = z.object({
  /** SHA-256 of the text that they ran; null when it is not on record. */
  text: z.string().nullable(),
  kind: z.enum(["training", "backtest", "walk_forward", "campaign"]),
  status: z.enum(["open", ...FINAL_STATUSES]),
  jobs: z.number(),
  newestAt: Instant,
  /** The newest of them, a few. */
  newest: z.array(z.string()),
});
/** How many jobs of one kind ran a text and stand alike. */
export type JobsOfText = Readonly<z.infer<typeof JobsRow>>;

const figure = z.number().nullable();
const DrawsRow = z.object({
  text: z.string().nullable(),
  symbol: z.string(),
  timeframe: z.string(),
  startDate: z.string(),
  endDate: z.string(),
  /** Ratios of traded value for each fill. */
  commission: z.number(),
  slippage: z.number(),
  /** The days that its models were trained on; null when they are not on record. */
  trainedFrom: z.string().nullable(),
  trainedTo: z.string().nullable(),
  /** Whether these share days with those of the backtests; null when not known. */
  inSample: z.boolean().nullable(),
  draws: z.number(),
  /** The draw in the middle, the lower of two, and its annual Sharpe ratio, as `least` and `most` are. */
  middle: z.string(),
  sharpe: figure,
  least: figure,
  most: figure,
  /** The lowest of the draws, and the Sharpe ratio of each. */
  jobIds: z.array(z.string()),
  sharpes: z.array(figure),
});
/** The same backtest of several draws of one training. */
export type DrawsOfText = Readonly<z.infer<typeof DrawsRow>>;

/** Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface StrategyRuns {
  /** Every strategy that any job was of. */
  onRecord(): Promise<readonly StrategyOnRecord[]>;
  /** How some strategies stand, in any order. */
  standings(strategies: readonly string[]): Promise<readonly StrategyStanding[]>;
  /** Trainings, backtests, walk-forwards and campaigns by the text that they ran, the newest first. */
  jobs(strategy: string): Promise<readonly JobsOfText[]>;
  /** Finished backtests by the text that they ran and by what was asked, the newest first. */
  draws(strategy: string): Promise<readonly DrawsOfText[]>;
}

/** Steps from name to name in the index, because there are many jobs of each. */
const ON_RECORD = `
  with recursive named as (
    (select strategy, admitted_at from jobs where strategy is not null order by strategy, admitted_at desc limit 1)
    union all
    select next.strategy, next.admitted_at from named cross join lateral (
      select strategy, admitted_at from jobs where strategy > named.strategy
      order by strategy, admitted_at desc limit 1) next)
  select strategy, admitted_at as newest_job_at from named`;

/** SQL: runs `j`, without the parts of measurements and walk-forwards. */
const NO_PART = `j.kind in ('training', 'backtest') and not ${isPart("j.request")}`;

/** SQL: the text of a job `j`: a backtest trades by the text that its model was trained from, by the training `t`. */
const TEXT = "coalesce(j.request ->> 'strategySha256', t.request ->> 'strategySha256')";
const TRAINING = "left join jobs t on t.job_id = j.request ->> 'trainingJobId'";

/**
 * SQL: draws, one for each model: what was asked but for the model, and the days that it was trained on, are those of the
 * group. One without a Sharpe ratio, as of a model that never traded, counts as the lowest.
 */
const GROUPS = `
  select strategy, text, asked, trained_from, trained_to, in_sample, count(*)::integer as draws,
    min(sharpe) as least, max(sharpe) as most, max(admitted_at) as newest_at,
    (array_agg(job_id order by sharpe nulls first, job_id))[(count(*)::integer + 1) / 2] as middle,
    (array_agg(sharpe order by sharpe nulls first, job_id))[(count(*)::integer + 1) / 2] as sharpe,
    (array_agg(job_id order by sharpe nulls first, job_id))[1:24] as job_ids,
    (array_agg(sharpe order by sharpe nulls first, job_id))[1:24] as sharpes
  from (
    select distinct on (strategy, text, asked, trained_on, model) * from (
      select j.strategy, ${TEXT} as text, j.job_id, j.admitted_at, r.sharpe,
        j.request - '{modelPath,trainingJobId,insisted}'::text[] as asked,
        coalesce(j.request ->> 'trainingJobId', j.request ->> 'modelPath') as model,
        jsonb_build_array(m.symbol, m.timeframe, m.start_date, m.end_date) as trained_on,
        m.start_date as trained_from, m.end_date as trained_to,
        ${sharedDays("m.start_date", "m.end_date", "j.request ->> 'startDate'", "j.request ->> 'endDate'")} as in_sample
      from jobs j join results r using (job_id) left join models m on m.job_id = j.request ->> 'trainingJobId' ${TRAINING}
      where j.strategy = any($1) and j.status = 'completed' and j.kind = 'backtest' and ${NO_PART}) backtests
    order by strategy, text, asked, trained_on, model, admitted_at, job_id) draws
  group by strategy, text, asked, trained_on, trained_from, trained_to, in_sample`;

/** What proves nothing is no best: days that are not known to be new, few trades, a look ahead, bad bars. */
const BEST = `
  select distinct on (g.strategy) g.strategy, g.middle, g.draws
  from (${GROUPS}) g join results r on r.job_id = g.middle
  where g.in_sample is false and r.sharpe is not null and r.trades >= ${ENOUGH_TRADES}
    and not ${branded("r")} and not ${hasCaveat("r", BAD_BARS)}
  order by g.strategy, (r.result #>> '{raw,sharpe_ratio}')::double precision
    * sqrt((r.result ->> 'equityPoints')::double precision) desc, g.middle`;

const RAN = `
  select asked.strategy, (count(j.job_id) filter (where j.kind = 'training'))::integer as trainings,
    (count(j.job_id) filter (where j.kind = 'backtest'))::integer as backtests
  from unnest($1::text[]) asked (strategy)
    left join jobs j on j.strategy = asked.strategy and j.status = 'completed' and ${NO_PART}
  group by asked.strategy`;

const JOBS = `
  select ${TEXT} as text, j.kind, j.status, count(*)::integer as jobs, max(j.admitted_at) as newest_at,
    (array_agg(j.job_id order by j.admitted_at desc, j.job_id))[1:3] as newest
  from jobs j ${TRAINING} where j.strategy = $1 and (${NO_PART} or j.kind in ('walk_forward', 'campaign'))
  group by 1, 2, 3 order by newest_at desc, j.kind, j.status`;

const MOST_GROUPS = 500;

const DRAWS = `
  select text, asked ->> 'symbol' as symbol, asked ->> 'timeframe' as timeframe, asked ->> 'startDate' as start_date,
    asked ->> 'endDate' as end_date, (asked ->> 'commission')::double precision as commission,
    (asked ->> 'slippage')::double precision as slippage, trained_from, trained_to, in_sample, draws, middle, sharpe, least, most,
    job_ids, sharpes
  from (${GROUPS}) groups order by newest_at desc, middle limit ${MOST_GROUPS}`;

export function createStrategyRuns(pool: Pool, kept: KeptUntilTrial): StrategyRuns {
  return {
    onRecord: () => select(pool, NamedRow, ON_RECORD),
    async standings(strategies) {
      const [ran, best] = await Promise.all([
        select(pool, RanRow, RAN, [strategies]),
        kept(["best", strategies], () => select(pool, BestRow, BEST, [strategies])),
      ]);
      const bestOf = new Map(best.map(({ strategy, middle, draws }) => [strategy, { middle, draws }]));
      return ran.map((one) => ({ ...one, ...(bestOf.get(one.strategy) ?? { middle: null, draws: null }) }));
    },
    jobs: (strategy) => select(pool, JobsRow, JOBS, [strategy]),
    draws: (strategy) => kept(["draws", strategy], () => select(pool, DrawsRow, DRAWS, [[strategy]])),
  };
}
