-- What was expected before anything was run, and what came of it. Written once when it begins and once when it is
-- concluded: the criterion never changes, and neither does the verdict.
create table experiments (
  experiment_id text primary key check (experiment_id <> ''),
  hypothesis    text not null check (hypothesis <> ''),
  metric        text not null check (metric <> ''),
  direction     text not null check (direction in ('at_least', 'at_most')),
  threshold     double precision not null,
  runs          smallint not null check (runs >= 1),
  symbol        text not null,
  timeframe     text not null,
  start_date    text not null,
  end_date      text not null,
  client        text not null,
  started_at    timestamptz not null default now(),
  -- Words, judgement, client and moment.
  conclusion    jsonb check (conclusion ? 'judgement' and conclusion ? 'concludedAt')
);

create index experiments_by_age on experiments (started_at desc, experiment_id desc);

-- The jobs of an experiment; they count in the order in which they were attached. No foreign key to jobs: a job is attached
-- before it is started, and admitted after that.
create table experiment_jobs (
  experiment_id text not null references experiments,
  job_id        text not null check (job_id <> ''),
  attached_at   timestamptz not null default now(),
  primary key (experiment_id, job_id)
);

create index experiment_jobs_by_job on experiment_jobs (job_id);
