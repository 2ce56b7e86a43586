-- A backtest that is a prefix of another one (`measures` in its request) is a measurement, and no trial. It raises no count,
-- and hides none: only a line that is no measurement makes a later one of the same run a replay.
create or replace function trial_event_of(job_id text, status text, request jsonb, client text, result jsonb) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'kind', case when $3 ? 'measures' then 'measure'
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
    'client', $4,
    'run', named.run,
    'sharpe', $5 -> 'sharpe',
    'bars', $5 -> 'equityPoints',
    'trades', $5 -> 'trades',
    'engine', $5 #> '{engine,name}')
  from (select encode(sha256(convert_to(($3 - 'strategy' - 'insisted' - 'measures')::text, 'UTF8')), 'hex') as run) as named
$$;
