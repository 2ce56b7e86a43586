-- Every tool call, successful or not.
create table tool_executions (
  id             uuid primary key,
  at             timestamptz not null,
  tool           text not null,
  -- Size-capped by the writer, which then says how much was left out.
  arguments      jsonb not null,
  outcome        text not null check (outcome in ('ok', 'error')),
  error_code     text,
  duration_ms    double precision not null check (duration_ms >= 0),
  client_name    text,
  client_version text,
  -- The job that the call was about, when there is one. No foreign key: calls may name jobs that never were.
  task_id        text,
  -- Who called: the name of a token or of an OAuth subject, or what a local client calls itself; and how that is known.
  identity        text,
  identity_source text check (identity_source in ('local', 'token', 'oauth')),
  check ((identity is null) = (identity_source is null)),
  check ((outcome = 'error') = (error_code is not null))
);

create index tool_executions_by_age on tool_executions (at desc);
create index tool_executions_by_tool on tool_executions (tool, at desc);
create index tool_executions_by_task on tool_executions (task_id, at desc) where task_id is not null;
create index tool_executions_by_identity on tool_executions (identity, at desc) where identity is not null;
