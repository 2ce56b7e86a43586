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

-- Each backup that was finished, so that it can be told how old the last one is. Carried by backups like everything else: a
-- restored place knows of those before its own.
create table backups (
  -- The moment of the data in it.
  taken_at timestamptz not null,
  -- Of ktrdr-mcp.
  version  text        not null check (version <> '')
);

-- Workers of ours whose clock is not the database's. One that agrees has no row.
create table clocks (
  -- As Temporal names it: pid@host.
  process        text primary key check (process <> ''),
  -- Positive when it is ahead.
  offset_seconds double precision not null,
  -- It is written again while it lasts.
  seen_at        timestamptz not null
);
