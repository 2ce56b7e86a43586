/**
 * Thousands of jobs, written by SQL, with all that the real writers would leave of them: results, models, computations
 * and lines of the ledger. Of ten jobs four are draws of one training, five are backtests of them and one failed.
 */
import { createPool, run, withTransaction, type Session } from "../../src/store/pool.ts";
import { BACKTEST, TRAINING } from "./job-inputs.ts";
import { backtestResult, trainingResult } from "./job-records.ts";

const STRATEGIES = 200;
/** The newest jobs that failed are open instead. */
const OPEN = 3;
/** The same ones at every run. */
const SEED = 0.25;

const curve = (first: number) => Array.from({ length: 30 }, (_, epoch) => first - epoch / 300);
const LEARNT = trainingResult({
  epochsTrained: 30,
  savedEpoch: 29,
  curve: { trainLoss: curve(1.1), valLoss: curve(1.2), trainAccuracy: [], valAccuracy: [] },
});

/** What each job is: its place in its ten says its kind, its ten says strategy, market and days. They spread over 30 days. */
const PLAN = `
  create temporary table many on commit drop as
  select n, slot, ten, 'strategy_' || ten % ${STRATEGIES} as strategy,
    (array['SPX', 'NDX', 'EURUSD', 'GOLD'])[1 + ten % 4] as symbol,
    case when slot between 4 and 8 then 'backtest' else 'training' end as kind,
    case when slot < 9 then 'completed' when n > $1::integer - ${OPEN} * 10 then 'open' else 'failed' end as status,
    case when slot between 4 and 8 then 'backtest-many-' else 'train-many-' end || n as job_id,
    'train-many-' || (ten * 10 + slot % 4) as trained_by, 'models/many/1d_v' || (ten * 10 + slot % 4) as model_path,
    (date '2000-01-03' + ten / ${STRATEGIES})::text as trained_from, (date '2015-01-02' + ten / ${STRATEGIES})::text as tested_from,
    now() - interval '30 days' * (1 - n::float8 / $1::integer) - interval '5 minutes' as began,
    (random() + random() + random() - 1.6) * 1.1 as sharpe
  from (select n, n % 10 as slot, n / 10 as ten from generate_series(0, $1::integer - 1) n) numbered`;

const JOBS = `
  insert into jobs (job_id, kind, request, request_hash, client, priority, strategy_text, engine, admitted_at, status, finished_at, outcome)
  select job_id, kind,
    case kind when 'training' then $1::jsonb || jsonb_build_object('strategy', strategy, 'symbol', symbol,
        'startDate', trained_from, 'draw', slot + 1)
      else $2::jsonb || jsonb_build_object('strategy', strategy, 'symbol', symbol, 'startDate', tested_from,
        'modelPath', model_path, 'trainingJobId', trained_by, 'slippage', case slot when 8 then 0.001 else 0.0005 end) end,
    job_id, 'claude-code 2.1', 3, 'name: ' || strategy, $3::jsonb, began, status,
    case when status <> 'open' then began + interval '3 minutes' end,
    case when status <> 'open' then jsonb_build_object('jobId', job_id, 'status', status, 'partial', null,
      'failure', case status when 'failed' then jsonb_build_object('code', 'computation_failed',
        'what', 'KTRDR reports the training as failed.', 'why', 'loss is not a number', 'next', null) end,
      'faultsSeen', '[]'::jsonb, 'operationIds', jsonb_build_array('op_' || job_id),
      'headline', case status when 'failed' then 'KTRDR reports the training as failed: loss is not a number.'
        else 'return 0.93 %, Sharpe ' || round(sharpe::numeric, 2) || ', drawdown 6.1 %, 42 trades' end) end
  from many order by n`;

const RESULTS = `
  insert into results (job_id, kind, result, recorded_at)
  select job_id, kind,
    case kind when 'training' then $1::jsonb else $2::jsonb || jsonb_build_object('sharpe', sharpe, 'startDate', tested_from,
      'totalReturn', sharpe / 10 + n * 1e-9, 'raw', ($2::jsonb -> 'raw') || jsonb_build_object('sharpe_ratio', sharpe)) end
      || jsonb_build_object('strategy', strategy, 'symbol', symbol, 'modelPath', model_path),
    began + interval '3 minutes'
  from many where status = 'completed' order by n`;

const MODELS = `
  insert into models (job_id, model_path, engine_name, engine_version, strategy, symbol, timeframe, start_date, end_date,
    created_at, epochs_trained, best_val_loss, best_val_accuracy, test_accuracy)
  select job_id, model_path, 'sandbox', 'sandbox-1.0.0', strategy, symbol, '1d', trained_from, '2014-12-31',
    began + interval '3 minutes', 30, 0.98, 0.51, 0.49
  from many where kind = 'training' and status = 'completed' order by n`;

const COMPUTATIONS = `
  insert into computations (job_id, n, posting_at, known_operations, operation_id, worker_id, started_at, ended_at, fate)
  select job_id, 1, began, '{}', 'op_' || job_id, 'worker-1', began + interval '1 second', began + interval '2 minutes', status
  from many where status <> 'open' order by n`;

const LINES = `
  select append_trial_event(line) from (
    select n, 0 as part, trial_event_of(j.job_id, 'open', j.request, j.client, null) as line from many join jobs j using (job_id)
      where many.kind = 'backtest'
    union all
    select n, 1, trial_event_of(j.job_id, j.status, j.request, j.client, r.result) from many join jobs j using (job_id)
      join results r using (job_id) where many.kind = 'backtest'
    order by n, part) lines`;

const INSIGHTS = `
  insert into insights (insight_id, category, body, tags, importance, client, saved_at)
  select 'insight-many-' || n, (array['pattern', 'success', 'failure', 'hypothesis', 'technique'])[1 + n % 5],
    'Shorter labels on ' || symbol || ' help ' || strategy || ' only before costs.', jsonb_build_array('labels', lower(symbol)),
    1 + n % 10, 'claude-code 2.1', began
  from many where slot = 0`;

const EXPERIMENTS = `
  insert into experiments (experiment_id, hypothesis, metric, direction, threshold, runs, symbol, timeframe, start_date,
    end_date, client, started_at, already_seen)
  select 'experiment-many-' || n, strategy || ' beats holding ' || symbol || ' after costs.', 'sharpe', 'at_least', 0.5, 4,
    symbol, '1d', '2015-01-02', '2019-12-31', 'claude-code 2.1', began, n / 2
  from many where slot = 4 and ten % 20 = 0`;

/** @param count a multiple of ten */
export async function fillJobs(databaseUrl: string, count: number): Promise<void> {
  const pool = createPool(databaseUrl, { max: 1, queryTimeoutMs: 0 });
  try {
    await withTransaction(pool, async (session) => await fill(session, count));
    // As autovacuum does after many rows.
    await run(pool, "vacuum (analyze) jobs, results, models, computations, trial_events, insights, experiments");
  } finally {
    await pool.end();
  }
}

async function fill(session: Session, count: number): Promise<void> {
  const result = backtestResult();
  const [training, backtest, engine] = [TRAINING, BACKTEST, result.engine].map((one) => JSON.stringify(one));
  await run(session, "select setseed($1)", [SEED]);
  await run(session, PLAN, [count]);
  await run(session, JOBS, [training, backtest, engine]);
  await run(session, RESULTS, [JSON.stringify(LEARNT), JSON.stringify(result)]);
  for (const statement of [MODELS, COMPUTATIONS, INSIGHTS, EXPERIMENTS]) await run(session, statement);
  // One at a time, in their order: each line of the ledger carries the hash of the one before.
  await run(session, LINES);
}
