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

-- What research has taught. Written once, never changed: an insight that proved wrong is answered by a newer one.
-- Typing errors in a search are mended by likeness of words; the extension is one that the owner of a database may add.
create extension if not exists pg_trgm;

create table insights (
  insight_id text primary key check (insight_id <> ''),
  category   text not null check (category in ('pattern', 'success', 'failure', 'hypothesis', 'technique')),
  body       text not null check (body <> ''),
  -- A list of texts; jsonb, because its words can be made searchable by a generated column, those of text[] cannot.
  tags       jsonb not null check (jsonb_typeof(tags) = 'array'),
  importance smallint not null check (importance between 1 and 10),
  client     text not null,
  saved_at   timestamptz not null default now(),
  words      tsvector not null generated always as (
    setweight(to_tsvector('english', tags), 'A') || setweight(to_tsvector('english', body), 'B')) stored
);

create index insights_by_words on insights using gin (words);
create index insights_by_tag on insights using gin (tags);
create index insights_by_age on insights (saved_at desc, insight_id desc);

-- The jobs that an insight was drawn from.
create table insight_jobs (
  insight_id text not null references insights,
  job_id     text not null references jobs,
  primary key (insight_id, job_id)
);

create index insight_jobs_by_job on insight_jobs (job_id);

-- Every word that some insight has, as it was written: what a mistyped word of a search may have meant.
create table insight_words (
  word text primary key
);

create index insight_words_alike on insight_words using gin (word gin_trgm_ops);
