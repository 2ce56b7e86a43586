-- Who may read the page. Of secrets only the SHA-256 is kept, in hex. No backup holds these tables (src/store/snapshot.ts).

-- A link lets one browser in, once.
create table page_links (
  sha256  text primary key check (sha256 ~ '^[0-9a-f]{64}$'),
  name    text not null check (name <> ''),
  scope   text not null check (scope in ('read', 'research', 'operate')),
  -- Scheme, host and port of the server as browsers type them. The link works there only.
  origin  text not null check (origin ~ '^https?://'),
  -- How long the session lasts that comes of it.
  days    integer not null check (days between 1 and 30),
  ends_at timestamptz not null,
  -- Null until it has let somebody in.
  used_at timestamptz
);

-- A browser that was let in. It is known by the secret in its cookie.
create table page_sessions (
  sha256  text primary key check (sha256 ~ '^[0-9a-f]{64}$'),
  -- One link, one session.
  link    text not null unique references page_links (sha256),
  name    text not null check (name <> ''),
  scope   text not null check (scope in ('read', 'research', 'operate')),
  -- Whether its cookie was given over TLS: then only the cookie counts that no other host of the domain can set.
  secure  boolean not null,
  ends_at timestamptz not null
);
