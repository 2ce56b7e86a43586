-- What operators order about research as a whole. One row: absent orders are null.
create table research_control (
  only_row     boolean primary key default true check (only_row),
  paused_at    timestamptz,
  pause_reason text check (pause_reason <> ''),
  -- Hours of computing that may be used up between midnight and midnight UTC.
  budget_hours double precision check (budget_hours >= 0),
  check (pause_reason is null or paused_at is not null)
);

insert into research_control default values;

-- What was computed since midnight is asked for whenever a job may start.
create index computations_by_end on computations (ended_at);
