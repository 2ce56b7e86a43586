import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { DomainError } from "../domain/errors.ts";
import type { HttpEnv } from "./bindings.ts";

export interface Address {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** How long a client may take to send a whole request. Milliseconds. */
  readonly requestTimeoutMs: number;
}

/**
 * Longer than usual proxies keep an idle connection (60 s). The proxy must close it first: otherwise a request on its
 * way meets a closed connection.
 */
const KEEP_ALIVE_MS = 75_000;
/** How often connections that are too slow are looked for. */
const CHECK_EVERY_MS = 1_000;

/**
 * Serves the app and resolves once it listens. A client that sends too slowly is answered 408 and cut.
 * @throws DomainError `invalid_input` when the address cannot be used
 */
export async function listen(app: Hono<HttpEnv>, address: Address): Promise<{ server: Server; port: number }> {
  const { host, port, requestTimeoutMs } = address;
  const listener = getRequestListener((request, env) => app.fetch(request, env as HttpEnv["Bindings"]), {
    overrideGlobalObjects: false,
  });
  const timeouts = {
    requestTimeout: requestTimeoutMs,
    // Node counts from the request's first byte. With a limit below that of idle connections it would cut reused ones.
    headersTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, requestTimeoutMs),
  };
  const server = createServer(timeouts, (request, response) => void listener(request, response));
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    throw new DomainError("invalid_input", {
      what: `${host}:${port} cannot be listened on (${code}).`,
      next: "Choose another with --host and --port (MCP_HTTP_HOST, MCP_HTTP_PORT).",
      cause,
    });
  }
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("not listening on a port");
  return { server, port: bound.port };
}
