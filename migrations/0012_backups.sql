-- Each backup that was finished, so that it can be told how old the last one is. Carried by backups like everything else: a
-- restored place knows of those before its own.
create table backups (
  -- The moment of the data in it.
  taken_at timestamptz not null,
  -- Of ktrdr-mcp.
  version  text        not null check (version <> '')
);
