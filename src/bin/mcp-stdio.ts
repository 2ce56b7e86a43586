import { Readable } from "node:stream";
import type { McpServer } from "@modelcontextprotocol/server";
import { serveStdio, StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import type { Logger } from "../logger.ts";
import { lines } from "../mcp/message/lines.ts";
import { MAX_MESSAGE_BYTES, readBytes, type Refused } from "../mcp/message/read-message.ts";
import type { Serving } from "./mcp-http.ts";

/** Clients kill a server that takes long to end. */
const EXIT_AFTER_MS = 4_000;

/**
 * Serves the client that started this process, until stdin ends.
 * @param onRefused called for each message that is refused without being served
 */
export function serveOnStdio(factory: () => McpServer, log: Logger, onRefused: (refused: Refused) => void): Serving {
  /** The messages to serve, one a line. All others are answered here. */
  async function* served(): AsyncGenerator<string> {
    for await (const line of lines(process.stdin)) {
      const read = readBytes(line);
      if ("served" in read) yield `${JSON.stringify(read.served)}\n`;
      else if ("nothing" in read) log.warn({ reason: read.nothing }, "a message was not understood");
      else {
        onRefused(read.refused);
        process.stdout.write(`${JSON.stringify(read.refused.answer)}\n`);
      }
    }
  }
  const input = Readable.from(served(), { objectMode: false, highWaterMark: MAX_MESSAGE_BYTES });
  const server = serveStdio(factory, {
    transport: new StdioServerTransport(input, process.stdout),
    onerror: (error) => log.warn({ err: error }, "protocol error"),
  });
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
