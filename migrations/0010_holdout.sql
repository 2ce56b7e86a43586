-- Bars that are kept back: a symbol's newest ones, in a price file of their own. Set once by the operator.
create table holdouts (
  symbol     text not null check (symbol <> ''),
  timeframe  text not null check (timeframe <> ''),
  -- The first day that is kept back (YYYY-MM-DD).
  start_date text not null,
  -- What all looks together may be wrong in.
  alpha      double precision not null check (alpha > 0 and alpha < 1),
  -- The file as it was left: years from its first kept bar to its last, the days of its first bar and its last, size and SHA-256.
  years      double precision not null check (years >= 0),
  first_day  text not null,
  last_day   text not null,
  bytes      bigint not null check (bytes > 0),
  sha256     text not null,
  set_at     timestamptz not null default now(),
  set_by     text not null,
  primary key (symbol, timeframe)
);

-- What only the operator reads: one row for each job that looks. No foreign key: the row is written while its job is.
create table holdout_looks (
  job_id    text primary key,
  symbol    text not null,
  look      integer not null check (look >= 1),
  candidate text not null check (candidate <> ''),
  -- What KTRDR answered, or why it did not.
  sealed    jsonb
);

create index holdout_looks_by_candidate on holdout_looks (symbol, candidate);

-- Admits a look: the next one of its symbol, or the same one again when KTRDR never computed it.
create or replace function begin_look(job text, asked jsonb, who text) returns bigint language plpgsql as $$
declare
  n integer;
begin
  perform pg_advisory_xact_lock(6920771345);
  select l.look into n from holdout_looks l join jobs j using (job_id)
    where l.symbol = asked ->> 'symbol' and l.candidate = asked ->> 'candidate' and j.status <> 'open'
      and not exists (select from computations c
        where c.job_id = l.job_id and (c.operation_id is not null or c.posting_at > 'epoch'))
      and not exists (select from holdout_looks o join jobs k using (job_id)
        where o.symbol = l.symbol and o.look = l.look and o.job_id not in (l.job_id, job)
          and (k.status = 'open' or k.admitted_at > j.admitted_at))
    order by l.look desc limit 1;
  if n is null then
    select coalesce(max((event ->> 'look')::integer), 0) + 1 into n from trial_events
      where kind = 'holdout' and symbol = asked ->> 'symbol';
  end if;
  insert into holdout_looks (job_id, symbol, look, candidate)
    values (job, asked ->> 'symbol', n, asked ->> 'candidate') on conflict do nothing;
  return append_trial_event(look_event(job, 'started', asked, who, n, null));
end $$;

-- The ledger's line of a look.
create or replace function look_event(job text, state text, request jsonb, who text, look integer, result jsonb)
returns jsonb language sql immutable as $$
  select jsonb_build_object(
    'kind', 'holdout',
    'state', $2,
    'jobId', $1,
    'symbol', $3 ->> 'symbol',
    'timeframe', $3 ->> 'timeframe',
    'startDate', $3 ->> 'startDate',
    'endDate', $3 ->> 'endDate',
    'strategy', $3 ->> 'strategy',
    'modelPath', $3 ->> 'modelPath',
    'trainingJobId', $3 ->> 'trainingJobId',
    'candidateJobId', $3 ->> 'candidateJobId',
    'client', $4,
    'look', $5,
    'passed', $6 -> 'passed',
    'level', $6 -> 'level')
$$;

-- Writes down how a look ended, in the transaction that ends its job.
create or replace function end_look(job text) returns bigint language sql as $$
  select append_trial_event(look_event(j.job_id,
    case j.status when 'completed' then 'finished' when 'terminated' then 'cancelled' else j.status end,
    j.request, j.client, l.look, r.result))
  from jobs j join holdout_looks l using (job_id) left join results r using (job_id)
  where j.job_id = $1 and j.kind = 'holdout'
$$;
