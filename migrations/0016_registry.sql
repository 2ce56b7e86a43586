-- Champions, and the candidates that wait to become one. A candidate is one finished backtest; only a human makes it a champion.

-- What was shown of a candidate, under the SHA-256 that an approval names: so it can be said what changed since.
create table candidate_evidence (
  hash        text primary key check (hash ~ '^[0-9a-f]{64}$'),
  job_id      text not null,
  gates       jsonb not null check (jsonb_typeof(gates) = 'array'),
  gathered_at timestamptz not null default now()
);

-- Where each candidate stands: what follows from its events.
create table candidates (
  job_id      text primary key,
  -- The name that a human types to decide.
  strategy    text not null check (strategy <> ''),
  symbol      text not null,
  timeframe   text not null,
  stage       text not null check (stage in ('candidate', 'validated', 'waiting', 'champion', 'rejected', 'withdrawn',
    'expired', 'replaced', 'demoted')),
  -- How often it began to wait for a human. Each time has its own workflow.
  round       integer not null default 0 check (round >= 0),
  evidence    text not null references candidate_evidence (hash),
  proposed_by text not null,
  reason      text not null,
  proposed_at timestamptz not null default now(),
  -- Only while it waits.
  waits_since timestamptz,
  expires_at  timestamptz,
  changed_at  timestamptz not null default now(),
  check ((stage = 'waiting') = (waits_since is not null)),
  check ((stage = 'waiting') = (expires_at is not null))
);

create unique index candidates_one_champion on candidates (symbol, timeframe) where stage = 'champion';
create index candidates_by_change on candidates (changed_at desc, job_id);

-- What happened to candidates. Only ever added to.
create table candidate_events (
  job_id   text not null references candidates (job_id),
  n        integer not null check (n >= 1),
  at       timestamptz not null default clock_timestamp(),
  what     text not null check (what in ('proposed', 'refreshed', 'waits', 'approved', 'rejected', 'refused', 'withdrawn',
    'expired', 'replaced', 'demoted', 'forward')),
  stage    text not null,
  round    integer not null,
  -- Who did it: a client, an operator, or the server itself.
  by       text not null check (by <> ''),
  reason   text,
  evidence text references candidate_evidence (hash),
  -- Of a champion's days after its approval: months, their sum in standard deviations, the evidence of it, whether its
  -- demotion is proposed, and the backtest that was made of them (null: none).
  figures  jsonb,
  primary key (job_id, n),
  check ((what = 'forward') = (figures is not null))
);

create or replace function refuse_change_of_candidate_events() returns trigger language plpgsql as $$
begin
  raise exception 'The history of candidates is only ever added to: % of % is refused.', lower(tg_op), tg_table_name
    using errcode = 'insufficient_privilege';
end $$;

create trigger candidate_events_stay before update or delete on candidate_events
  for each row execute function refuse_change_of_candidate_events();
create trigger candidate_events_stay_all before truncate on candidate_events
  for each statement execute function refuse_change_of_candidate_events();
revoke update, delete, truncate on candidate_events from current_user;

create trigger candidate_evidence_stays before update or delete on candidate_evidence
  for each row execute function refuse_change_of_candidate_events();
create trigger candidate_evidence_stays_all before truncate on candidate_evidence
  for each statement execute function refuse_change_of_candidate_events();

-- What a human decided, until the workflow has carried it out. Written by the operator's paths only (src/store/approvals.ts).
create table candidate_grants (
  job_id   text not null references candidates (job_id),
  round    integer not null,
  n        integer not null check (n >= 1),
  decision text not null check (decision in ('approve', 'reject')),
  by       text not null check (by <> ''),
  -- As it was typed.
  name     text not null,
  -- The evidence that was seen.
  evidence text not null references candidate_evidence (hash),
  reason   text,
  at       timestamptz not null default now(),
  -- Null until it was carried out, or refused because the evidence had changed.
  used_at  timestamptz,
  primary key (job_id, round, n)
);

-- One decision at a time.
create unique index candidate_grants_open on candidate_grants (job_id, round) where used_at is null;

-- Of a decision only that it was carried out is written down later, once.
create or replace function refuse_change_of_candidate_grants() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    if old.used_at is null and new.used_at is not null and to_jsonb(new) - 'used_at' = to_jsonb(old) - 'used_at' then
      return new;
    end if;
  end if;
  raise exception 'A decision about a candidate stays as it was written down: % is refused.', lower(tg_op)
    using errcode = 'insufficient_privilege';
end $$;

create trigger candidate_grants_stay before update or delete on candidate_grants
  for each row execute function refuse_change_of_candidate_grants();
create trigger candidate_grants_stay_all before truncate on candidate_grants
  for each statement execute function refuse_change_of_candidate_grants();

-- Links and sessions by which a browser may decide, too. Reading ones may not.
alter table page_links add column approves boolean not null default false;
alter table page_sessions add column approves boolean not null default false;

-- The form that a browser was shown last of a candidate, by the SHA-256 of its token. No backup holds it.
create table page_forms (
  session  text not null references page_sessions (sha256) on delete cascade,
  job_id   text not null,
  sha256   text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  evidence text not null,
  used_at  timestamptz,
  primary key (session, job_id)
);

-- A champion is watched on the days after its approval (`watches` in the backtest's request, its own backtest's id). Nothing
-- is chosen by these backtests, so they are measured, not tried, as prefixes and windows are.
create or replace function trial_event_of(job_id text, status text, request jsonb, client text, result jsonb) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'kind', case when $3 ?| '{measures,walks,watches}'::text[] then 'measure'
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
    'watches', $3 ->> 'watches',
    'client', $4,
    'run', named.run,
    'sharpe', $5 -> 'sharpe',
    'bars', $5 -> 'equityPoints',
    'trades', $5 -> 'trades',
    'engine', $5 #> '{engine,name}')
  from (select encode(sha256(convert_to(($3 - '{strategy,insisted,measures,walks,watches}'::text[])::text, 'UTF8')), 'hex') as run) as named
$$;

drop index results_by_strength;
create index results_by_strength on results (
  (coalesce(result #>> '{raw,sharpe_ratio}', result ->> 'ktrdrSharpe')::double precision
    * sqrt((result ->> 'equityPoints')::double precision)) desc)
  where kind in ('backtest', 'walk_forward') and not result ?| '{measures,walks,watches}'::text[] and trades >= 30;

drop index jobs_that_ran;
create index jobs_that_ran on jobs (strategy, kind)
  where status = 'completed' and kind in ('training', 'backtest') and not request ?| '{measures,walks,watches}'::text[];

-- The watches of a champion, for whoever reads what its days show.
create index jobs_that_watch on jobs ((request ->> 'watches')) where kind = 'backtest' and request ? 'watches';
