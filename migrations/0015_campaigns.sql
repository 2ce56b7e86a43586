-- A campaign's steps, points and jobs are written down before any of the jobs starts, so that nothing is proposed or
-- computed twice. No foreign key to a job of a campaign: it is written down before it is admitted.
create table campaign_steps (
  campaign_id text not null references jobs,
  -- 0-based.
  step        integer not null check (step >= 0),
  stage       text not null,
  bracket     integer,
  rung        integer,
  -- Why the search ended with it, or all of it with the last one.
  stop        jsonb,
  planned_at  timestamptz not null default now(),
  primary key (campaign_id, step)
);

create table campaign_points (
  campaign_id text not null references jobs,
  -- 0-based over the whole campaign.
  n           integer not null check (n >= 0),
  bracket     integer not null,
  origin      text not null,
  point       jsonb not null,
  -- Why it is no valid strategy.
  refused     text,
  primary key (campaign_id, n)
);

create table campaign_runs (
  campaign_id text not null references jobs,
  -- 0-based over the whole campaign.
  n           integer not null check (n >= 0),
  step        integer not null,
  point       integer not null,
  role        text not null,
  rung        integer not null,
  draw        integer not null,
  -- That of the request.
  strategy    text not null,
  -- The job, complete.
  request     jsonb not null,
  -- Null until it was prepared.
  job_id      text,
  -- It was started by somebody else.
  reused      boolean,
  primary key (campaign_id, n)
);

create index campaign_runs_by_job on campaign_runs (job_id);
-- Which strategies campaigns made: each has its trainings.
create index campaign_runs_by_strategy on campaign_runs (strategy, campaign_id) where role = 'train';

-- What whoever steers it said. Orders are added, never changed.
create table campaign_orders (
  campaign_id text not null references jobs,
  n           integer not null check (n >= 0),
  order_given jsonb not null,
  reason      text not null,
  client      text not null,
  given_at    timestamptz not null default now(),
  primary key (campaign_id, n)
);
