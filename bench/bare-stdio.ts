/** The MCP SDK's own server over stdio with one tool and nothing else: what the protocol costs by itself. */
import { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";

serveStdio(() => {
  const server = new McpServer({ name: "bare", version: "1.0.0" });
  const description = { description: "Answers at once.", inputSchema: z.object({}), outputSchema: z.looseObject({}) };
  server.registerTool("nothing", description, () => ({ content: [], structuredContent: {} }));
  return server;
});
process.stdin.once("end", () => process.exit(0));
