-- Workers of ours whose clock is not the database's. One that agrees has no row.
create table clocks (
  -- As Temporal names it: pid@host.
  process        text primary key check (process <> ''),
  -- Positive when it is ahead.
  offset_seconds double precision not null,
  -- It is written again while it lasts.
  seen_at        timestamptz not null
);
