/** The researcher's page for clients that show MCP Apps. Others are told nothing of it, and miss nothing. */
import { CLIENT_CAPABILITIES_META_KEY, type McpServer, type ServerContext } from "@modelcontextprotocol/server";
import { z } from "zod";
import { APP_URI } from "./meta.ts";
import { SHELL } from "./shell.ts";

const EXTENSION = "io.modelcontextprotocol/ui";
const MIME_TYPE = "text/html;profile=mcp-app";
/** It changes with a release. */
const TTL_MS = 3_600_000;

export const APP = {
  uri: APP_URI,
  name: "research",
  title: "The researcher's page",
  mimeType: MIME_TYPE,
};

const Capabilities = z.object({
  extensions: z.object({ [EXTENSION]: z.object({ mimeTypes: z.array(z.string()) }) }),
});

/**
 * Whether the client said that it shows MCP Apps. A client from before 2026-07-28 cannot say so over HTTP: it does so
 * once, and nothing is kept of a client between its requests.
 */
export function showsApps(server: McpServer, { mcpReq: { envelope } }: ServerContext): boolean {
  const told: Readonly<Record<string, unknown>> = envelope ?? {};
  const { data } = Capabilities.safeParse(told[CLIENT_CAPABILITIES_META_KEY] ?? server.server.getClientCapabilities());
  return data?.extensions[EXTENSION].mimeTypes.includes(MIME_TYPE) === true;
}

/** Without a policy of its own the page gets a host's strictest: it fetches nothing, and its script and style are inline. */
export function registerApp(server: McpServer): void {
  const { uri, name, title, mimeType } = APP;
  const content = { uri, mimeType, text: SHELL, _meta: { ui: { prefersBorder: true } } };
  const cacheHint = { ttlMs: TTL_MS, cacheScope: "public" } as const;
  server.registerResource(name, uri, { title, mimeType, cacheHint }, () => ({ contents: [content] }));
}
