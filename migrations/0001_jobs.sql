-- What ktrdr-mcp keeps. Rows are written once when something begins and once when it ends, and stay.

-- A job is one durable piece of long work; its id is the Temporal workflow id. It answers long after Temporal forgot it.
create table jobs (
  job_id        text primary key check (job_id <> ''),
  kind          text not null,
  request       jsonb not null check (request ->> 'kind' = kind),
  -- SHA-256 over the canonical request and the reason for forcing another run: one request, one job.
  request_hash  text not null unique check (request_hash <> ''),
  force_reason  text,
  -- No foreign key: a child may be admitted a moment before its parent.
  parent_job_id text,
  -- Of a batch what all its parts have in common.
  strategy      text generated always as (coalesce(
    request ->> 'strategy',
    case when jsonb_path_exists(request, '$.*[*] ? (@.strategy != $.*[*].strategy)') then null
      else jsonb_path_query_first(request, '$.*[*].strategy') #>> '{}' end)) stored,
  symbol        text generated always as (coalesce(
    request ->> 'symbol',
    case when jsonb_path_exists(request, '$.*[*] ? (@.symbol != $.*[*].symbol)') then null
      else jsonb_path_query_first(request, '$.*[*].symbol') #>> '{}' end)) stored,
  timeframe     text generated always as (coalesce(
    request ->> 'timeframe',
    case when jsonb_path_exists(request, '$.*[*] ? (@.timeframe != $.*[*].timeframe)') then null
      else jsonb_path_query_first(request, '$.*[*].timeframe') #>> '{}' end)) stored,
  -- The YAML that the job was started with; the file itself may change or vanish.
  strategy_text text,
  client        text not null,
  priority      smallint not null check (priority between 1 and 5),
  engine        jsonb,
  -- Which Temporal namespace the workflow was last admitted in, by the id that the server gave it: a namespace that was
  -- deleted and made again, or lost with the server's database, has another one under the same name. Null: not known.
  namespace_id  text,
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
  operation_id     text,
  worker_id        text,
  worker_endpoint  text,
  started_at       timestamptz,
  ended_at         timestamptz,
  fate             text,
  -- Of a training that goes on from its checkpoint, as the same operation: what the checkpoint held (0-based epoch, learning
  -- curve up to it). KTRDR's own result will only tell of the rest.
  resumed_from     jsonb check (resumed_from is null or operation_id is not null),
  -- How far it was when KTRDR last told: KTRDR forgets that when it cancels and when its API starts anew.
  last_seen        jsonb,
  primary key (job_id, n),
  check ((operation_id is null) = (started_at is null)),
  check ((ended_at is null) = (fate is null))
);

-- One operation, one job: only a resumption may name it again, and no two at once.
create unique index computations_operation on computations (operation_id) where resumed_from is null;
create unique index computations_resumed on computations (operation_id) where resumed_from is not null and ended_at is null;
create index computations_by_operation on computations (operation_id, started_at desc) where operation_id is not null;
-- What was computed since midnight is asked for whenever a job may start.
create index computations_by_end on computations (ended_at);
