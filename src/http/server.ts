import { createMcpHandler, type McpServer } from "@modelcontextprotocol/server";
import type { Logger } from "../logger.ts";
import { within } from "../within.ts";
import type { Deps } from "../research/ports.ts";
import type { KnownCaller } from "../mcp/server-parts.ts";
import { createHttpApp } from "./app.ts";
import { createAuthenticate, type Authenticate } from "./bearer.ts";
import { callerIn } from "./caller.ts";
import { listen } from "./listen.ts";
import type { MessageParts } from "./messages.ts";
import type { Page } from "./page-door.ts";
import { createReadiness } from "./readiness.ts";
import type { HttpSettings } from "./settings.ts";
import { readTokens } from "./token-file.ts";
import { createWork } from "./work.ts";

/** Requests in work at once; more are told to come back. */
const PLACES = { all: 200, each: 50, quietMs: 120_000 } as const;
/** How long open calls may take to end when the server stops. */
const DRAIN_MS = 10_000;

export interface HttpServerParts extends Omit<MessageParts, "mcp"> {
  readonly deps: () => Promise<Deps>;
  readonly log: Logger;
  /** A fresh server for one request. */
  readonly serverFor: (caller: KnownCaller) => McpServer;
  /** The caller when no token is asked for. Nobody reads the page with a wider scope. */
  readonly local: KnownCaller;
  /** Answers in Prometheus' text format; null: no metrics are served. */
  readonly metrics: (() => Promise<string>) | null;
  /** The page for people; null: none is served. */
  readonly page: Page | null;
}

export interface HttpServer {
  readonly port: number;
  /** Stops listening and waits until every open call is answered, at most 10 s. Abort waiting calls before. */
  drain(): Promise<void>;
}

/**
 * Serves MCP over Streamable HTTP, both protocol eras, without sessions: any replica answers any call.
 * @throws DomainError `invalid_input` when the address or the file of tokens cannot be used
 */
export async function startHttpServer(settings: HttpSettings, parts: HttpServerParts): Promise<HttpServer> {
  const { log, serverFor, local } = parts;
  const { tokensFile, oauth } = settings.bearer;
  if (tokensFile !== null) await readTokens(tokensFile);
  const anybody: Authenticate = async () => local;
  const mcp = createMcpHandler(({ authInfo }) => serverFor(callerIn(authInfo)), {
    onerror: (error) => log.debug({ err: error }, "a message was refused"),
  });
  const work = createWork(PLACES);
  const app = createHttpApp({
    mcp,
    messages: parts.messages,
    early: parts.early,
    onRefused: parts.onRefused,
    allowed: settings.allowed,
    authenticate: settings.authenticated ? createAuthenticate(settings.bearer, log) : anybody,
    oauth,
    ready: createReadiness(parts.deps, log),
    metrics: parts.metrics,
    page: parts.page === null ? null : { page: parts.page, open: !settings.authenticated, most: local.scope },
    work,
    log,
  });
  const { server, port } = await listen(app, settings);
  return {
    port,
    async drain() {
      work.leave();
      server.close();
      await within(work.idle(), DRAIN_MS, () => undefined);
      if (work.count > 0) log.warn({ cut: work.count }, "calls were cut: they did not end in time");
      await mcp.close();
      server.closeAllConnections();
    },
  };
}
