-- Who called: the name of a token or of an OAuth subject, or what a local client calls itself; and how that is known.
-- Null for calls that were recorded before callers were known.
alter table tool_executions
  add column identity text,
  add column identity_source text check (identity_source in ('local', 'token', 'oauth')),
  add check ((identity is null) = (identity_source is null));

create index tool_executions_by_identity on tool_executions (identity, at desc) where identity is not null;
