-- What was taken back: an insight says what holds instead of an older insight, or of an experiment's verdict. Both stay.
create table supersessions (
  -- The insight that holds now.
  successor     text not null references insights,
  insight_id    text references insights,
  experiment_id text references experiments,
  superseded    text not null generated always as (coalesce(insight_id, experiment_id)) stored,
  check (num_nonnulls(insight_id, experiment_id) = 1),
  check (superseded <> successor),
  primary key (superseded, successor)
);

create index supersessions_by_successor on supersessions (successor);
