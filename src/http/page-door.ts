/** The door of the page: who may read, and how a browser gets in. Behind it nothing but the page's own routes. */
import { Hono, type Context, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { METHOD_NAME_ALL } from "hono/router";
import { mayUse, type Reader, type Scope } from "../domain/identity.ts";
import { isPageSecret } from "../domain/page-session.ts";
import type { Logger } from "../logger.ts";
import { approvalDoor, type Decide } from "./approval-door.ts";
import type { Authenticate } from "./bearer.ts";
import type { HttpEnv } from "./bindings.ts";
import { comesFromHere, type AllowedNames } from "./guard.ts";
import { APPROVALS, ENTER, ENTER_APPROVING, LINK } from "./page-address.ts";
import { buttonFor, documentWith, DOOR } from "./page-answers.ts";
import { cookiesOf, decidingCookie, giveCookie } from "./page-cookie.ts";
import { dress, pageHeaders } from "./page-headers.ts";
import { CannotTell, createPageSessions, type PageAccess } from "./page-sessions.ts";
import type { Work } from "./work.ts";

/** The page, as it is put behind the door. */
export interface Page {
  /** Its routes find who reads in `context.var.reader`. Only what it answers by GET is served. */
  readonly app: Hono<HttpEnv>;
  /** Path of its style sheet. The door's own answers use it, so it is open to everybody. */
  readonly style: string;
  /** Called for each question, so that a lab which starts after this server is found. */
  readonly access: () => Promise<PageAccess>;
  /** Carries out what a human decides about a candidate. */
  readonly decide: Decide;
}

export interface DoorParts {
  readonly page: Page;
  /** Whether everybody who reaches this server may read. */
  readonly open: boolean;
  /** No reader has more than this, whatever their token or their link says. */
  readonly most: Scope;
  readonly allowed: AllowedNames;
  readonly authenticate: Authenticate;
  readonly work: Work;
  readonly log: Logger;
}

export interface Door {
  /** Whether a path is one of the page, or leads to it. */
  serves(path: string): boolean;
  /** Answers those paths, and nothing else. */
  readonly app: Hono<HttpEnv>;
  /** Says to a person that there is nothing at a path. */
  nothing(context: Context): Promise<Response>;
}

/** These are the server's own, whatever routes the page has. */
const OF_THE_SERVER = /^\/(?:mcp|metrics|health|ready|\.well-known)(?:\/|$)/;
/** More than a link and its name take. */
const MOST_FORM_BYTES = 1_000;

export function pageDoor(parts: DoorParts): Door {
  const { page, allowed, work, log } = parts;
  const says = documentWith(page.style);
  const sessions = createPageSessions(page.access);
  const serves = (path: string) =>
    path === ENTER || path === ENTER_APPROVING || (!OF_THE_SERVER.test(path) && answers(page.app, path));
  const app = new Hono<HttpEnv>();
  app.use(async (context, next) => (serves(context.req.path) ? await next() : await context.notFound()));
  app.use(pageHeaders);
  app.use(async (context, next) =>
    comesFromHere(allowed, context.req.raw) ? await next() : await context.html(says(DOOR.foreign), 403),
  );
  for (const way of [ENTER, ENTER_APPROVING]) enterRoutes(app, way, parts, says, sessions);
  app.route("/", approvalDoor({ decide: page.decide, says, work, log }));
  app.use(async (context, next) =>
    ["GET", "HEAD"].includes(context.req.method)
      ? await next()
      : await context.html(says(DOOR.readOnly), 405, { allow: "GET, HEAD" }),
  );
  app.use(known(parts, says, sessions), work.bounded);
  app.route("/", page.app);
  app.onError((error, context) => {
    if (error instanceof CannotTell) {
      log.warn({ err: error }, "a reader could not be let in");
      return context.html(says(DOOR.away), 503, { "retry-after": "5" });
    }
    log.error({ err: error }, "a request for the page failed");
    return context.html(says(DOOR.failed), 500);
  });
  return {
    serves,
    app,
    async nothing(context) {
      const answer = await context.html(says(DOOR.nothing), 404);
      dress(answer.headers);
      return answer;
    },
  };
}

/** Whether the page answers at a path. Middleware alone answers nothing. */
const answers = ({ router }: Hono<HttpEnv>, path: string): boolean =>
  router.match("GET", path)[0].some(([[, { method }]]) => method !== METHOD_NAME_ALL);

type Says = ReturnType<typeof documentWith>;

/**
 * A way in. A GET changes nothing, because scanners of mails and previews of links fetch what they see. Where everybody
 * may read, a link to read is neither needed nor used up.
 */
function enterRoutes(app: Hono<HttpEnv>, way: string, parts: DoorParts, says: Says, sessions: PageAccess): void {
  const { log } = parts;
  const open = parts.open && way === ENTER;
  app.get(way, async (context) => {
    if (open) return context.redirect("/", 303);
    const link = context.req.query(LINK) ?? "";
    if (!isPageSecret(link)) return await context.html(says(DOOR.deadLink), 403);
    // With "no-referrer" the browser would hide from us, too, which site the button was on. This never tells the link.
    return await context.html(says(buttonFor(link, way)), 200, { "referrer-policy": "strict-origin" });
  });
  const small = bodyLimit({ maxSize: MOST_FORM_BYTES, onError: (context) => context.html(says(DOOR.tooLarge), 413) });
  app.post(way, small, async (context) => {
    if (open) return context.redirect("/", 303);
    const link = new URLSearchParams(await context.req.text()).get(LINK) ?? "";
    const origin = context.req.header("origin") ?? "";
    const entered = isPageSecret(link) ? await sessions.enter(link, origin) : null;
    if (entered === null) return await context.html(says(DOOR.deadLink), 403);
    const { name, scope, approves, secondsLeft } = entered;
    const days = Math.round(secondsLeft / 86_400);
    log.info({ name, scope, approves, days }, "a browser was let in to the page");
    giveCookie(context, entered, origin);
    return context.redirect(way === ENTER ? "/" : APPROVALS, 303);
  });
}

/**
 * Lets those go on who may read: everybody, the holder of a token, or a browser that was let in. A browser that may decide
 * is known where everybody may read, too.
 */
function known(parts: DoorParts, says: Says, sessions: PageAccess): MiddlewareHandler<HttpEnv> {
  const { page, open, most, authenticate } = parts;
  return async (context, next) => {
    const enter = async ({ name, scope }: Omit<Reader, "approver">, approver: string | null = null): Promise<void> => {
      context.set("reader", { name, scope: mayUse({ scope: most }, scope) ? scope : most, approver });
      await next();
    };
    if (context.req.path === page.style) return await enter({ name: null, scope: "read" });
    const asked = context.req.header("authorization") === undefined && (!open || decides(context.req.path));
    const session = asked ? await sessionOf(context, sessions) : null;
    if (session !== null) return await enter(session, session.approver);
    const caller = await authenticate(context.req.raw);
    if (!(caller instanceof Response)) return await enter(caller);
    if (context.req.header("authorization") !== undefined) return caller;
    return await context.html(says(DOOR.stranger), 401, challengeOf(caller));
  };
}

const decides = (path: string): boolean => path.startsWith(`${APPROVALS}/`);

async function sessionOf(context: Context<HttpEnv>, sessions: PageAccess): Promise<Reader | null> {
  for (const { secret, secure } of cookiesOf(context)) {
    const session = isPageSecret(secret) ? await sessions.find(secret, secure) : null;
    if (session !== null)
      return { ...session, approver: session.approves && secret === decidingCookie(context)?.secret ? secret : null };
  }
  return null;
}

/** What tells a program how to get in. */
function challengeOf({ headers }: Response): Record<string, string> {
  const challenge = headers.get("www-authenticate");
  return challenge === null ? {} : { "www-authenticate": challenge };
}
