/** The fixture server behind our own HTTP front, with the same app, guard, limits and listener as the product. */
import { randomUUID } from "node:crypto";
import {
  createMcpHandler,
  isInitializeRequest,
  isLegacyRequest,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import { createHttpApp } from "../../src/http/app.ts";
import { listen } from "../../src/http/listen.ts";
import { createWork } from "../../src/http/work.ts";
import { createLogger } from "../../src/logger.ts";
import { MAX_MESSAGE_BYTES, readBytes } from "../../src/mcp/message/read-message.ts";
import { createFixtureServer } from "./fixture-server.ts";

export async function startFixture(): Promise<{ url: string; stop(): Promise<void> }> {
  const modern = createMcpHandler(() => createFixtureServer(() => modern.notify), { legacy: "reject" });
  const legacy = createSessions();
  const app = createHttpApp({
    messages: { read: readBytes, maxBytes: MAX_MESSAGE_BYTES },
    early: async () => null,
    onRefused: () => undefined,
    mcp: {
      async fetch(bare, options) {
        const body = options?.parsedBody;
        const sent = { method: "POST", headers: bare.headers, body: JSON.stringify(body), signal: bare.signal };
        const request = body === undefined ? bare : new Request(bare.url, sent);
        return (await isLegacyRequest(request)) ? await legacy(request) : await modern.fetch(request);
      },
    },
    allowed: { hosts: ["127.0.0.1", "localhost"], origins: ["127.0.0.1", "localhost"] },
    authenticate: async () => ({ name: "conformance", scope: "operate", source: "local" }),
    oauth: null,
    ready: async () => ({ ready: true, parts: ALL_UP, missing: [] }),
    metrics: null,
    page: null,
    work: createWork({ all: 100, each: 100, quietMs: 60_000 }),
    log: createLogger("conformance", "silent"),
  });
  const { server, port } = await listen(app, { host: "127.0.0.1", port: 0, requestTimeoutMs: 10_000 });
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    async stop() {
      server.close();
      await modern.close();
      server.closeAllConnections();
    },
  };
}

const ALL_UP = { temporal: "up", postgresql: "up", ktrdr: "up", worker: "up" } as const;

/**
 * Serves revision 2025-11-25 with sessions. Four scenarios need them: in that revision a server can ask its client
 * something only within a session. The product asks its clients nothing and has no sessions.
 */
function createSessions(): (request: Request) => Promise<Response> {
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const nobody = { toolsChanged() {}, promptsChanged() {}, resourcesChanged() {}, resourceUpdated() {} };
  return async (request) => {
    const known = sessions.get(request.headers.get("mcp-session-id") ?? "");
    if (known !== undefined) return await known.handleRequest(request);
    const body: unknown = request.method === "POST" ? await request.json().catch(() => null) : null;
    if (!isInitializeRequest(body)) return new Response("no such session", { status: 404 });
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await createFixtureServer(() => nobody).connect(transport);
    return await transport.handleRequest(request, { parsedBody: body });
  };
}
