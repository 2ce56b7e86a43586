-- Which job answers which item of a batch: one that was started for it, or one that was known before. No foreign key to
-- that job: it is written down before it is admitted.
create table batch_items (
  batch_id text not null references jobs,
  -- 0-based place in the batch.
  n        integer not null check (n >= 0),
  stage    text not null check (stage in ('training', 'backtest')),
  job_id   text not null check (job_id <> ''),
  -- It was started by somebody else.
  reused   boolean not null,
  primary key (batch_id, n, stage)
);

create index batch_items_by_job on batch_items (job_id);
