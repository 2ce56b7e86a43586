import { createServer, type ServerResponse } from "node:http";
import { listening } from "../listening.ts";

/** What a process without another HTTP server tells its monitoring. */
export interface Watched {
  /** Parts that it needs and that do not answer; it is ready when there are none. */
  readonly missing: () => Promise<readonly string[]>;
  readonly metrics: () => Promise<string>;
}

export interface WatchServer {
  readonly port: number;
  close(): void;
}

/**
 * Serves `/health` (the process lives), `/ready` (503 with what is missing) and `/metrics`, to GET only.
 * @throws DomainError `invalid_input` when the address cannot be used
 */
export async function serveWatch(
  address: { readonly host: string; readonly port: number },
  watched: Watched,
): Promise<WatchServer> {
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
    if (request.method !== "GET") send(response, 405, { error: "GET only" });
    else answer(request.url ?? "", response, watched).catch(() => send(response, 500, { error: "see the log" }));
  });
  server.maxConnections = 50;
  return {
    port: await listening(server, address, "Choose another address with WORKER_HTTP_HOST and WORKER_HTTP_PORT."),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(url: string, response: ServerResponse, watched: Watched): Promise<void> {
  const [path = ""] = url.split("?", 1);
  switch (path) {
    case "/health":
      return send(response, 200, { status: "alive" });
    case "/ready": {
      const missing = await watched.missing();
      return send(response, missing.length === 0 ? 200 : 503, { ready: missing.length === 0, missing });
    }
    case "/metrics":
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
      response.end(await watched.metrics());
      return;
    default:
      return send(response, 404, { error: "there are /health, /ready and /metrics" });
  }
}

function send(response: ServerResponse, status: number, body: Readonly<Record<string, unknown>>): void {
  if (!response.headersSent) response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
