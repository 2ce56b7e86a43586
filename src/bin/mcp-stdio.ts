import type { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import type { Logger } from "../logger.ts";
import type { Serving } from "./mcp-http.ts";

/** Clients kill a server that lingers. */
const EXIT_AFTER_MS = 4_000;

/** Serves one client, whoever started this process, until its stdin ends. */
export function serveOnStdio(factory: () => McpServer, log: Logger): Serving {
  const server = serveStdio(factory, { onerror: (error) => log.warn({ err: error }, "protocol error") });
  log.info("serving MCP on stdio");
  return {
    exitAfterMs: EXIT_AFTER_MS,
    end: async () => await server.close(),
    whenLeft(leave) {
      process.stdin.once("end", () => leave("stdin ended"));
      process.stdin.once("close", () => leave("stdin closed"));
      process.stdout.once("error", () => leave("stdout closed"));
    },
  };
}
