/** Who may read the page, by PostgreSQL's clock: links that let one browser in, and the sessions that came of them. */
import { hash, randomBytes } from "node:crypto";
import { z } from "zod";
import { SCOPES, type Scope } from "../domain/identity.ts";
import { LINK_MINUTES, type NewPageSession, type PageSession } from "../domain/page-session.ts";
import { Instant } from "./job-row.ts";
import { run, select, withTransaction, type Pool } from "./pool.ts";

/** A backup leaves them out: a restored place must let nobody in, least of all somebody who was revoked since. */
export const PAGE_TABLES: readonly string[] = ["page_links", "page_sessions", "page_forms"];

/** Nothing slower than SHA-256 would make guessing any harder: a secret is 256 random bits. */
const SECRET_BYTES = 32;
const newSecret = (): string => randomBytes(SECRET_BYTES).toString("base64url");
const digest = (secret: string): string => hash("sha256", secret);

const SessionRow = z.object({
  name: z.string(),
  scope: z.enum(SCOPES),
  approves: z.boolean(),
  secondsLeft: z.number(),
});

const AccessRow = z.object({
  name: z.string(),
  scope: z.enum(SCOPES),
  approves: z.boolean(),
  /** `link`: not used yet. */
  what: z.enum(["link", "session"]),
  endsAt: Instant,
});
type Access = z.infer<typeof AccessRow>;

interface NewLink {
  readonly name: string;
  readonly scope: Scope;
  /** Whether the browser may decide about candidates. Not unless it is said. */
  readonly approves?: boolean;
  /** How long the session lasts. */
  readonly days: number;
  /** Scheme, host and port at which the link works. */
  readonly origin: string;
}

/** Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface PageAccess {
  /** @returns the secret of the link, which is kept nowhere */
  newLink(wish: NewLink): Promise<string>;
  /**
   * Uses a link up and begins its session: of several browsers at once one gets in.
   * @param origin where the browser opened the link
   * @returns null when the link was used, has ended, is of another origin or never was
   */
  enter(link: string, origin: string): Promise<NewPageSession | null>;
  /**
   * @param secure whether the cookie is one that browsers keep for TLS
   * @returns null when there is no such session, or it has ended
   */
  find(secret: string, secure: boolean): Promise<PageSession | null>;
  /** Links that still work, and sessions that have not ended. */
  all(): Promise<readonly Access[]>;
  /** Ends the sessions of a name and takes its links away. @returns how many of each there were */
  revoke(name: string): Promise<{ readonly links: number; readonly sessions: number }>;
}

const LEFT = "extract(epoch from ends_at - now())::float8 as seconds_left";

export function createPageAccess(pool: Pool): PageAccess {
  return {
    async newLink({ name, scope, approves = false, days, origin }) {
      const secret = newSecret();
      await run(
        pool,
        `insert into page_links (sha256, name, scope, approves, origin, days, ends_at)
         values ($1, $2, $3, $4, $5, $6, now() + interval '${LINK_MINUTES} minutes')`,
        [digest(secret), name, scope, approves, origin, days],
      );
      return secret;
    },

    async enter(link, origin) {
      const secret = newSecret();
      const [session] = await select(pool, SessionRow, ENTER, [digest(link), origin, digest(secret)]);
      return session === undefined ? null : { ...session, secret };
    },

    async find(secret, secure) {
      const text = `select name, scope, approves, ${LEFT} from page_sessions where sha256 = $1 and secure = $2 and ends_at > now()`;
      const [session] = await select(pool, SessionRow, text, [digest(secret), secure]);
      return session ?? null;
    },

    all: () =>
      select(
        pool,
        AccessRow,
        `select name, scope, approves, 'link' as what, ends_at from page_links where used_at is null and ends_at > now()
         union all select name, scope, approves, 'session', ends_at from page_sessions where ends_at > now()
         order by name, what, ends_at`,
      ),

    revoke: (name) =>
      withTransaction(pool, async (session) => {
        // The links go first, and by a statement of their own: who is just entering is waited for, and then seen.
        const unused = "delete from page_links where name = $1 and used_at is null returning ends_at > now() as open";
        const links = (await run(session, unused, [name])).filter(({ open }) => open === true);
        const ended = "update page_sessions set ends_at = now() where name = $1 and ends_at > now() returning 1";
        const sessions = await run(session, ended, [name]);
        return { links: links.length, sessions: sessions.length };
      }),
  };
}

/** One statement: two browsers wait for each other at the row of the link, and the second finds it used. */
const ENTER = `
  with used as (
    update page_links set used_at = now()
    where sha256 = $1 and origin = $2 and used_at is null and ends_at > now()
    returning sha256, name, scope, approves, origin, days
  )
  insert into page_sessions (sha256, link, name, scope, approves, secure, ends_at)
  select $3, sha256, name, scope, approves, origin like 'https:%', now() + make_interval(days => days) from used
  returning name, scope, approves, ${LEFT}`;
