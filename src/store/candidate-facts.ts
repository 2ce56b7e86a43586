/** What the record says about a backtest that is proposed as a champion. Nobody else is asked. */
import { z } from "zod";
import { partOf } from "../domain/batch.ts";
import { DomainError } from "../domain/errors.ts";
import { isBranded } from "../domain/insistence.ts";
import { BacktestRequest, BacktestResult } from "../domain/kinds/backtest.ts";
import { luckOfResult } from "../domain/luck/run-luck.ts";
import { worthless } from "../domain/luck/worthless.ts";
import { FINAL_STATUSES } from "../domain/outcome.ts";
import type { CandidateFacts } from "../domain/registry/facts.ts";
import { sampleOf } from "../domain/registry/sample.ts";
import { Caveat } from "../domain/result.ts";
import { BAD_BARS } from "../domain/results/bar-soundness.ts";
import { haveSameRules } from "../domain/strategy/likeness.ts";
import { createHoldoutReader, type OpenLook } from "./holdouts.ts";
import { SHOWN, trialsOf } from "./ledger.ts";
import { isPart } from "./part.ts";
import { select, type Pool } from "./pool.ts";
import { sistersSql } from "./result-reader.ts";
import { branded, hasCaveat } from "./result-row.ts";

const HeadRow = z.object({
  kind: z.string(),
  status: z.enum(["open", ...FINAL_STATUSES]),
  request: z.unknown(),
  result: z.unknown(),
  /** SHA-256 of the text that its model was trained from, and the text itself; null when it is not on record. */
  text: z.string().nullable(),
  rules: z.string().nullable(),
  trainedFrom: z.string().nullable(),
  trainedTo: z.string().nullable(),
  /** Whether it has a finished line in the ledger. */
  counted: z.boolean(),
});

const HEAD = `
  select j.kind, j.status, j.request, r.result, m.start_date as trained_from, m.end_date as trained_to,
    coalesce(j.request ->> 'strategySha256', t.request ->> 'strategySha256') as text,
    coalesce(t.strategy_text, j.strategy_text) as rules,
    exists (select from trial_events e where e.job_id = j.job_id and ${SHOWN}) as counted
  from jobs j left join results r using (job_id) left join jobs t on t.job_id = j.request ->> 'trainingJobId'
    left join models m on m.job_id = j.request ->> 'trainingJobId'
  where j.job_id = $1`;

const figure = z.number().nullable();
const WalkRow = z.object({ jobId: z.string(), t: figure, windows: z.number(), positive: z.number() });

/** Of the same text, on the same market, at these costs or more. */
const WALKS = `
  select j.job_id, (r.result ->> 't')::float8 as t, jsonb_array_length(r.result -> 'windows') as windows,
    (r.result ->> 'positive')::integer as positive
  from jobs j join results r using (job_id)
  where j.strategy = $1 and j.kind = 'walk_forward' and j.status = 'completed' and j.request ->> 'strategySha256' = $2
    and j.symbol = $3 and j.timeframe = $4 and (j.request ->> 'commission')::float8 >= $5
    and (j.request ->> 'slippage')::float8 >= $6 and not ${branded("r")} and not ${hasCaveat("r", BAD_BARS)}
  order by j.finished_at desc, j.job_id`;

const CostlyRow = z.object({
  jobId: z.string(),
  commission: z.number(),
  slippage: z.number(),
  totalReturn: z.number(),
});

/** The same backtest but for its costs, which are twice as high or more. */
const COSTLY = `
  select b.job_id, (b.request ->> 'commission')::float8 as commission, (b.request ->> 'slippage')::float8 as slippage,
    r.total_return
  from jobs a join jobs b on b.strategy = a.strategy and b.kind = 'backtest' and b.status = 'completed'
      and b.request - '{commission,slippage,insisted}'::text[] = a.request - '{commission,slippage,insisted}'::text[]
    join results r on r.job_id = b.job_id
  where a.job_id = $1 and b.job_id <> a.job_id
    and (b.request ->> 'commission')::float8 >= 2 * (a.request ->> 'commission')::float8
    and (b.request ->> 'slippage')::float8 >= 2 * (a.request ->> 'slippage')::float8
    and not ${branded("r")} and not ${hasCaveat("r", BAD_BARS)}
  order by b.finished_at desc, b.job_id`;

const DRAWS = sistersSql("true");
const DrawRow = z.object({ jobId: z.string(), sharpe: figure });

/** Models of the same training of which the same backtest is missing: whoever saw them train, and tests a few, picks. */
const UNTESTED = `
  select count(distinct m.model_path)::integer as count
  from jobs a join jobs ta on ta.job_id = a.request ->> 'trainingJobId'
    join jobs t on t.kind = 'training' and t.strategy = ta.strategy
      and t.request - '{draw,insisted,resumeFrom}'::text[] = ta.request - '{draw,insisted,resumeFrom}'::text[]
    join models m on m.job_id = t.job_id
  where a.job_id = $1 and not exists (
    select from jobs b join results r using (job_id)
    where b.kind = 'backtest' and b.strategy = a.strategy and b.request ->> 'modelPath' = m.model_path
      and b.request - '{modelPath,trainingJobId,insisted}'::text[] = a.request - '{modelPath,trainingJobId,insisted}'::text[])`;
const CountRow = z.object({ count: z.number() });

const MeasuredRow = z.object({ jobId: z.string(), differs: z.number(), caveats: z.array(Caveat) });
const MEASURED = `
  select j.job_id, jsonb_array_length(r.result -> 'differs') as differs, r.result -> 'caveats' as caveats
  from jobs j join results r using (job_id)
  where j.strategy = $2 and j.kind = 'measurement' and j.status = 'completed' and r.result ->> 'measures' = $1
  order by j.finished_at desc, j.job_id limit 1`;

const CampaignRow = z.object({ jobId: z.string(), finalists: figure, probability: figure, loses: figure });
/** Whoever backtested the text on the market: another draw of it, outside the campaign, was picked there too. */
const CAMPAIGNS = `
  select c.job_id, jsonb_array_length(r.result -> 'finalists') as finalists,
    (r.result #>> '{overfitting,probability}')::float8 as probability, (r.result #>> '{overfitting,loses}')::float8 as loses
  from jobs c left join results r using (job_id)
  where c.kind = 'campaign' and c.job_id in (
    select b.parent_job_id from jobs b left join jobs t on t.job_id = b.request ->> 'trainingJobId'
    where b.strategy = $1 and b.kind = 'backtest' and b.symbol = $3 and b.timeframe = $4 and not ${isPart("b.request")}
      and (b.job_id = $5 or coalesce(b.request ->> 'strategySha256', t.request ->> 'strategySha256') = $2))
  order by c.finished_at desc, c.job_id`;

const RejectedRow = z.object({
  jobId: z.string(),
  strategy: z.string(),
  reason: z.string().nullable(),
  rules: z.string().nullable(),
});
/** Of the market, whatever they are called. */
const REJECTED = `
  select c.job_id, c.strategy, e.reason, coalesce(t.strategy_text, j.strategy_text) as rules
  from candidates c join jobs j using (job_id) left join jobs t on t.job_id = j.request ->> 'trainingJobId'
    join lateral (
      select reason from candidate_events h where h.job_id = c.job_id and h.what = 'rejected' order by n desc limit 1
    ) e on true
  where c.stage = 'rejected' and c.symbol = $1 and c.timeframe = $2 and c.job_id <> $3
  order by c.changed_at desc, c.job_id`;

/**
 * @throws DomainError `task_not_found`, `task_not_finished`, `not_eligible` for a job that is no backtest,
 *   `database_unavailable`
 */
export async function candidateFacts(pool: Pool, jobId: string): Promise<CandidateFacts> {
  const head = await headOf(pool, jobId);
  const { request, result, text, rules, trainedOn } = head;
  const { strategy, symbol, timeframe, trainingJobId, commission, slippage } = request;
  const market = [strategy, text, symbol, timeframe] as const;
  const [trials, walks, costly, draws, [untested], [measurement], campaigns, rejected, exam] = await Promise.all([
    trialsOf(pool, symbol, result),
    select(pool, WalkRow, WALKS, [...market, commission, slippage]),
    select(pool, CostlyRow, COSTLY, [jobId]),
    select(pool, DrawRow, DRAWS, [[jobId]]),
    select(pool, CountRow, UNTESTED, [jobId]),
    select(pool, MeasuredRow, MEASURED, [jobId, strategy]),
    select(pool, CampaignRow, CAMPAIGNS, [...market, jobId]),
    select(pool, RejectedRow, REJECTED, [symbol, timeframe, jobId]),
    examOf(pool, jobId, request),
  ]);
  const sample = sampleOf(trainedOn, result);
  const inSample = sample === "unknown" ? sample : sample === "within";
  return {
    jobId,
    strategy,
    symbol,
    timeframe,
    startDate: request.startDate.slice(0, 10),
    endDate: request.endDate.slice(0, 10),
    trainingJobId,
    commission,
    slippage,
    trades: result.trades,
    sharpe: result.sharpe,
    totalReturn: result.totalReturn,
    maxDrawdown: result.maxDrawdown,
    engine: result.engine,
    luck: luckOfResult(result, trials.count, worthless(result, inSample), trials.deviation),
    branded: isBranded(result),
    sample,
    caveats: result.caveats,
    lacks: head.lacks,
    walks,
    costly,
    draws,
    untested: untested?.count ?? 0,
    measurement: measurement ?? null,
    campaigns,
    rejections: rejected.flatMap(({ rules: theirs, ...rejection }) =>
      rules !== null && theirs !== null && haveSameRules(rules, theirs) ? [rejection] : [],
    ),
    ...exam,
  };
}

async function headOf(pool: Pool, jobId: string) {
  const [row] = await select(pool, HeadRow, HEAD, [jobId]);
  if (row === undefined) {
    throw new DomainError("task_not_found", {
      what: `There is no job ${jobId} on record.`,
      next: "copy the task_id of a finished backtest from list_tasks",
    });
  }
  const request = BacktestRequest.safeParse(row.request);
  if (!request.success || partOf(request.data) !== null) {
    throw new DomainError("not_eligible", {
      what: `${jobId} is no backtest of its own, and nothing else becomes a champion.`,
      next: "pass the task_id of a finished run_backtest",
    });
  }
  const result = BacktestResult.safeParse(row.result);
  if (!result.success) {
    throw new DomainError("task_not_finished", {
      what: `The job ${jobId} has no result: it is ${row.status}.`,
      next: "get_task_status with wait_seconds 45 until final",
    });
  }
  const { text, rules, trainedFrom, trainedTo, counted } = row;
  const trainedOn = trainedFrom === null || trainedTo === null ? null : { startDate: trainedFrom, endDate: trainedTo };
  const lacks = [
    trainedOn === null ? "the training of its model" : null,
    text === null ? "the text of its strategy" : null,
    counted ? null : "its line in the ledger",
  ].filter((one) => one !== null);
  return { request: request.data, result: result.data, text, rules, trainedOn, lacks };
}

/** What is kept back of its market, and the look that was taken of its model at its costs. */
async function examOf(pool: Pool, jobId: string, request: BacktestRequest) {
  const holdouts = createHoldoutReader(pool);
  const symbol = request.symbol.toUpperCase();
  const [all, looks] = await Promise.all([holdouts.all(), holdouts.looksAt(symbol)]);
  const cut = all.find((one) => one.symbol === symbol && one.timeframe === request.timeframe);
  const taken = looks.find((look) => look.voided === null && isOf(look, jobId, request) && answers(look));
  const look = taken === undefined ? null : { jobId: taken.jobId, passed: taken.result?.passed ?? null };
  return { keptFrom: cut?.startDate ?? null, look };
}

/** One that failed or was cancelled has no answer, and gives none later. */
const answers = ({ status, result }: OpenLook): boolean => status === "open" || result !== null;

const isOf = (look: OpenLook, jobId: string, wanted: BacktestRequest): boolean => {
  const { request } = look;
  if (request.candidateJobId === jobId) return true;
  return (
    request.timeframe === wanted.timeframe &&
    request.modelPath === wanted.modelPath &&
    request.trainingJobId === wanted.trainingJobId &&
    request.initialCapital === wanted.initialCapital &&
    request.commission === wanted.commission &&
    request.slippage === wanted.slippage
  );
};
