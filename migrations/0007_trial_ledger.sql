-- What was looked at: every backtest, from its admission on, one line for each thing that happens to it. Lines are only ever
-- added. Each carries the hash of the line before, so that nobody can change or leave out one unseen.
create table trial_events (
  seq        bigint primary key check (seq >= 1),
  -- jsonb writes its keys in one order, so its text is the canonical form that is hashed.
  event      jsonb not null,
  prev_hash  text not null,
  -- SHA-256 of prev_hash and the text of the event, in hexadecimal digits.
  hash       text not null unique,
  kind       text not null generated always as (event ->> 'kind') stored
    check (kind in ('trial', 'measure', 'replay', 'holdout', 'void', 'import', 'override')),
  state      text generated always as (event ->> 'state') stored
    check (state in ('started', 'finished', 'failed', 'cancelled')),
  job_id     text generated always as (event ->> 'jobId') stored,
  symbol     text generated always as (event ->> 'symbol') stored,
  timeframe  text generated always as (event ->> 'timeframe') stored,
  start_date text generated always as (event ->> 'startDate') stored,
  end_date   text generated always as (event ->> 'endDate') stored,
  strategy   text generated always as (event ->> 'strategy') stored,
  -- Which computation it is: of the model, the market, the days and the costs. Equal figures of an equal run are one look.
  run        text generated always as (event ->> 'run') stored,
  -- Annualised as in results; null where it is not defined.
  sharpe     double precision generated always as ((event ->> 'sharpe')::double precision) stored,
  check (jsonb_typeof(event) = 'object' and (event ->> 'seq')::bigint = seq)
);

create index trial_events_by_job on trial_events (job_id);
create index trial_events_by_symbol on trial_events (symbol) where state = 'finished';
create index trial_events_by_run on trial_events (run) where state = 'finished';
create unique index trial_events_once on trial_events (job_id, state) where kind in ('trial', 'measure', 'replay', 'import');

create or replace function refuse_change_of_trial_events() returns trigger language plpgsql as $$
begin
  raise exception 'The ledger of trials is only ever added to: % is refused.', lower(tg_op) using errcode = 'insufficient_privilege';
end $$;

create trigger trial_events_stay before update or delete on trial_events
  for each row execute function refuse_change_of_trial_events();
create trigger trial_events_stay_all before truncate on trial_events
  for each statement execute function refuse_change_of_trial_events();
revoke update, delete, truncate on trial_events from current_user;

-- The only way to add a line. One transaction at a time; what a job already has is not added again.
create or replace function append_trial_event(what jsonb) returns bigint language plpgsql as $$
declare
  head record;
  line jsonb;
begin
  perform pg_advisory_xact_lock(6920771345);
  if exists (
    select from trial_events where job_id = what ->> 'jobId' and state = what ->> 'state') then return null;
  end if;
  select seq, hash into head from trial_events order by seq desc limit 1;
  line := jsonb_strip_nulls(what) || jsonb_build_object(
    'seq', coalesce(head.seq, 0) + 1,
    'at', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'));
  insert into trial_events (seq, event, prev_hash, hash)
    select (line ->> 'seq')::bigint, line, before, encode(sha256(convert_to(before || line::text, 'UTF8')), 'hex')
    from (select coalesce(head.hash, repeat('0', 64)) as before) as chain;
  return (line ->> 'seq')::bigint;
end $$;

-- The line of a backtest job, as its row and its result tell it. A run that was finished before is a replay.
create or replace function trial_event_of(job_id text, status text, request jsonb, client text, result jsonb) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'kind', case when exists (select from trial_events t
        where t.run = named.run and t.state = 'finished' and t.job_id <> $1) then 'replay' else 'trial' end,
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
    'client', $4,
    'run', named.run,
    'sharpe', $5 -> 'sharpe',
    'bars', $5 -> 'equityPoints',
    'trades', $5 -> 'trades',
    'engine', $5 #> '{engine,name}')
  from (select encode(sha256(convert_to(($3 - 'strategy' - 'insisted')::text, 'UTF8')), 'hex') as run) as named
$$;

-- Jobs from before the ledger are taken in once, in the order in which they began.
do $$
declare
  job record;
begin
  for job in
    select jobs.*, r.result from jobs left join results r using (job_id)
    where jobs.kind = 'backtest' order by admitted_at, job_id
  loop
    perform append_trial_event(
      trial_event_of(job.job_id, job.status, job.request, job.client, job.result) || '{"kind": "import"}');
  end loop;
end $$;

-- How many backtests on its days had shown their figures when an experiment was written down; null when nobody counted.
alter table experiments add column already_seen integer check (already_seen >= 0);

-- Backtests of different models that come out the same, digit for digit.
create index results_alike on results (total_return, trades) where kind = 'backtest';
