-- Champions, and the candidates that wait to become one. A candidate is one finished backtest; only a human makes it a champion.

-- What was shown of a candidate, under the SHA-256 that an approval names: so it can be said what changed since.
create table candidate_evidence (
  hash        text primary key check (hash ~ '^[0-9a-f]{64}$'),
  job_id      text not null,
  gates       jsonb not null check (jsonb_typeof(gates) = 'array'),
  gathered_at timestamptz not null default now()
);

-- Where each candidate stands: what follows from its events.
create table candidates (
  job_id      text primary key,
  -- The name that a human types to decide.
  strategy    text not null check (strategy <> ''),
  symbol      text not null,
  timeframe   text not null,
  stage       text not null check (stage in ('candidate', 'validated', 'waiting', 'champion', 'rejected', 'withdrawn',
    'expired', 'replaced', 'demoted')),
  -- How often it began to wait for a human. Each time has its own workflow.
  round       integer not null default 0 check (round >= 0),
  evidence    text not null references candidate_evidence (hash),
  proposed_by text not null,
  reason      text not null,
  proposed_at timestamptz not null default now(),
  -- Only while it waits.
  waits_since timestamptz,
  expires_at  timestamptz,
  changed_at  timestamptz not null default now(),
  check ((stage = 'waiting') = (waits_since is not null)),
  check ((stage = 'waiting') = (expires_at is not null))
);

create unique index candidates_one_champion on candidates (symbol, timeframe) where stage = 'champion';
create index candidates_by_change on candidates (changed_at desc, job_id);

-- What happened to candidates. Only ever added to.
create table candidate_events (
  job_id   text not null references candidates (job_id),
  n        integer not null check (n >= 1),
  at       timestamptz not null default clock_timestamp(),
  what     text not null check (what in ('proposed', 'refreshed', 'waits', 'approved', 'rejected', 'refused', 'withdrawn',
    'expired', 'replaced', 'demoted')),
  stage    text not null,
  round    integer not null,
  -- Who did it: a client, an operator, or the server itself.
  by       text not null check (by <> ''),
  reason   text,
  evidence text references candidate_evidence (hash),
  primary key (job_id, n)
);

create or replace function refuse_change_of_candidate_events() returns trigger language plpgsql as $$
begin
  raise exception 'The history of candidates is only ever added to: % is refused.', lower(tg_op) using errcode = 'insufficient_privilege';
end $$;

create trigger candidate_events_stay before update or delete on candidate_events
  for each row execute function refuse_change_of_candidate_events();
create trigger candidate_events_stay_all before truncate on candidate_events
  for each statement execute function refuse_change_of_candidate_events();
revoke update, delete, truncate on candidate_events from current_user;

-- What a human decided, until the workflow has carried it out. Written by the operator's paths only (src/store/approvals.ts).
create table candidate_grants (
  job_id   text not null references candidates (job_id),
  round    integer not null,
  n        integer not null check (n >= 1),
  decision text not null check (decision in ('approve', 'reject')),
  by       text not null check (by <> ''),
  -- As it was typed.
  name     text not null,
  -- The evidence that was seen.
  evidence text not null references candidate_evidence (hash),
  reason   text,
  at       timestamptz not null default now(),
  -- Null until it was carried out, or refused because the evidence had changed.
  used_at  timestamptz,
  primary key (job_id, round, n)
);

-- One decision at a time.
create unique index candidate_grants_open on candidate_grants (job_id, round) where used_at is null;

-- Links and sessions by which a browser may decide, too. Reading ones may not.
alter table page_links add column approves boolean not null default false;
alter table page_sessions add column approves boolean not null default false;

-- The form that a browser was shown last of a candidate, by the SHA-256 of its token. No backup holds it.
create table page_forms (
  session  text not null references page_sessions (sha256) on delete cascade,
  job_id   text not null,
  sha256   text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  evidence text not null,
  used_at  timestamptz,
  primary key (session, job_id)
);
