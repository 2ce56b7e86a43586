-- A walk-forward is one trial. The backtests of its windows (`walks` in their requests) are measured, not tried, as prefixes
-- are (`measures`): the walk-forward's own line counts.
create or replace function trial_event_of(job_id text, status text, request jsonb, client text, result jsonb) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'kind', case when $3 ?| '{measures,walks}'::text[] then 'measure'
      when exists (select from trial_events t
        where t.run = named.run and t.state = 'finished' and t.kind <> 'measure' and t.job_id <> $1) then 'replay'
      else 'trial' end,
    'state', case $2 when 'open' then 'started' when 'completed' then 'finished' when 'terminated' then 'cancelled'
      else $2 end,
    'jobId', $1,
    'symbol', $3 ->> 'symbol',
    'timeframe', $3 ->> 'timeframe',
    'startDate', left($3 ->> 'startDate', 10),
    'endDate', left($3 ->> 'endDate', 10),
    'strategy', $3 ->> 'strategy',
    'strategySha256', $3 ->> 'strategySha256',
    'modelPath', $3 ->> 'modelPath',
    'trainingJobId', $3 ->> 'trainingJobId',
    'measures', $3 ->> 'measures',
    'walks', $3 ->> 'walks',
    'client', $4,
    'run', named.run,
    'sharpe', $5 -> 'sharpe',
    'bars', $5 -> 'equityPoints',
    'trades', $5 -> 'trades',
    'engine', $5 #> '{engine,name}')
  from (select encode(sha256(convert_to(($3 - '{strategy,insisted,measures,walks}'::text[])::text, 'UTF8')), 'hex') as run) as named
$$;

create or replace function trials_left(wanted text) returns integer language sql as $$
  select (l.event ->> 'limit')::integer
    - (select count(*)::integer from (select distinct run, sharpe from trial_events
       where symbol = wanted and state = 'finished' and kind in ('trial', 'replay', 'import')) looks)
    - (select count(*)::integer from jobs j join trial_events t using (job_id)
       where j.status = 'open' and j.kind in ('backtest', 'walk_forward') and t.symbol = wanted and t.state = 'started'
         and t.kind in ('trial', 'import'))
  from trial_events l where l.kind = 'override' and l.symbol = wanted order by l.seq desc limit 1
$$;

drop index results_by_strength;
create index results_by_strength on results (
  (coalesce(result #>> '{raw,sharpe_ratio}', result ->> 'ktrdrSharpe')::double precision
    * sqrt((result ->> 'equityPoints')::double precision)) desc)
  where kind in ('backtest', 'walk_forward') and not result ?| '{measures,walks}'::text[] and trades >= 30;

drop index jobs_that_ran;
create index jobs_that_ran on jobs (strategy, kind)
  where status = 'completed' and kind in ('training', 'backtest') and not request ?| '{measures,walks}'::text[];
