import { Hono, type Context, type MiddlewareHandler } from "hono";
import { except } from "hono/combine";
import { cors } from "hono/cors";
import type { Logger } from "../logger.ts";
import { protectedResource, type Authenticate } from "./bearer.ts";
import type { HttpEnv } from "./bindings.ts";
import { guard, type AllowedNames } from "./guard.ts";
import { serveMessages, type MessageParts } from "./messages.ts";
import type { OAuthSettings } from "./oauth.ts";
import { pageDoor, type DoorParts } from "./page-door.ts";
import type { Readiness } from "./readiness.ts";
import { refusal } from "./refusal.ts";
import type { Work } from "./work.ts";

export interface HttpParts extends MessageParts {
  readonly allowed: AllowedNames;
  readonly authenticate: Authenticate;
  readonly oauth: OAuthSettings | null;
  readonly ready: () => Promise<Readiness>;
  /** Answers in Prometheus' text format; null: no metrics are served. */
  readonly metrics: (() => Promise<string>) | null;
  /** The page for people, and who may read it; null: there is none. */
  readonly page: Pick<DoorParts, "page" | "open" | "most"> | null;
  readonly work: Work;
  readonly log: Logger;
}

/** Every route of the HTTP server. `/health` and `/ready` answer anybody, whatever the Host header says. */
export function createHttpApp(parts: HttpParts): Hono<HttpEnv> {
  const { metrics, oauth, log } = parts;
  const app = new Hono<HttpEnv>();
  app.get("/health", ({ json }) => json({ status: "alive" }));
  app.get("/ready", async ({ json }) => {
    const readiness = await parts.ready();
    return json(readiness, readiness.ready ? 200 : 503);
  });
  const door = parts.page === null ? null : pageDoor({ ...parts, ...parts.page });
  const ofThePage = ({ req }: Context) => door?.serves(req.path) === true;
  // The page has a guard of its own, and no other page may ever read it.
  app.use(except(ofThePage, guard(parts.allowed), FOR_WEB_PAGES));
  if (oauth !== null) {
    const { path, document } = protectedResource(oauth);
    app.get(path, ({ json }) => json(document));
  }
  const identified = identify(parts.authenticate);
  app.all("/mcp", identified, parts.work.bounded, serveMessages(parts));
  if (metrics !== null) app.get("/metrics", identified, async ({ body }) => body(await metrics(), 200, PROMETHEUS));
  if (door !== null) app.route("/", door.app);
  app.notFound((context) =>
    door !== null && isPerson(context)
      ? door.nothing(context)
      : refusal(404, "There is nothing here; MCP is served at /mcp."),
  );
  app.onError((error) => {
    log.error({ err: error }, "a request failed");
    return refusal(500, "This server failed to answer; its log says why.");
  });
  return app;
}

const isPerson = ({ req }: Context) => req.method === "GET" && (req.header("accept") ?? "").includes("text/html");

/** With these headers a browser hands the answer to a page of another origin. The guard decides which pages may call. */
const FOR_WEB_PAGES = cors({
  origin: (origin) => origin,
  allowMethods: ["POST", "GET", "DELETE"],
  exposeHeaders: ["www-authenticate", "retry-after"],
  maxAge: 600,
});

const PROMETHEUS = { "content-type": "text/plain; version=0.0.4; charset=utf-8" };

function identify(authenticate: Authenticate): MiddlewareHandler<HttpEnv> {
  return async (context, next) => {
    const caller = await authenticate(context.req.raw);
    if (caller instanceof Response) return caller;
    context.set("caller", caller);
    return await next();
  };
}
