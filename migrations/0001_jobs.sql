-- A job is one durable piece of long work; its id is the Temporal workflow id. Rows are written once when a job is
-- admitted and once when it ends, and are kept for ever: they answer for a job long after Temporal forgot it.
create table jobs (
  job_id        text primary key check (job_id <> ''),
  kind          text not null check (kind in ('training', 'training_set', 'backtest', 'data_load')),
  request       jsonb not null check (request ->> 'kind' = kind),
  -- SHA-256 over the canonical request and the reason for forcing another run: one request, one job.
  request_hash  text not null unique check (request_hash <> ''),
  force_reason  text,
  -- No foreign key: a child may be admitted a moment before its parent.
  parent_job_id text,
  strategy      text generated always as (coalesce(request ->> 'strategy', request #>> '{training,strategy}')) stored,
  symbol        text generated always as (coalesce(request ->> 'symbol', request #>> '{training,symbol}')) stored,
  timeframe     text generated always as (coalesce(request ->> 'timeframe', request #>> '{training,timeframe}')) stored,
  -- The YAML that the job was started with; the file itself may change or vanish.
  strategy_text text,
  client        text not null,
  priority      smallint not null check (priority between 1 and 5),
  engine        jsonb,
  admitted_at   timestamptz not null default now(),
  status        text not null default 'open' check (status in ('open', 'completed', 'failed', 'cancelled', 'terminated')),
  finished_at   timestamptz,
  outcome       jsonb,
  unique (job_id, kind),
  check ((status = 'open') = (finished_at is null)),
  check ((status = 'open') = (outcome is null)),
  check (outcome is null or (outcome ->> 'status' = status and outcome ->> 'jobId' = job_id))
);

create index jobs_by_age on jobs (admitted_at desc, job_id desc);
create index jobs_by_strategy on jobs (strategy, admitted_at desc);
create index jobs_open on jobs (admitted_at) where status = 'open';
create index jobs_by_parent on jobs (parent_job_id) where parent_job_id is not null;

-- One run of a job on KTRDR (an operation). The row is the intent: it is written before KTRDR is asked to start.
create table computations (
  job_id           text not null references jobs,
  n                integer not null check (n >= 1),
  posting_at       timestamptz not null default now(),
  -- Operations that existed before the start was posted: whatever else appears afterwards may be ours.
  known_operations text[] not null,
  operation_id     text unique,
  worker_id        text,
  worker_endpoint  text,
  started_at       timestamptz,
  ended_at         timestamptz,
  fate             text,
  primary key (job_id, n),
  check ((operation_id is null) = (started_at is null)),
  check ((ended_at is null) = (fate is null))
);
