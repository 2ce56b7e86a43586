import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { listening } from "../listening.ts";
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
  const { requestTimeoutMs } = address;
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
  const next = "Choose another with --host and --port (MCP_HTTP_HOST, MCP_HTTP_PORT).";
  return { server, port: await listening(server, address, next) };
}
