/** The MCP SDK's own handler over HTTP, with one tool that gives a fixed answer: what the protocol costs by itself. */
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { createMcpHandler, McpServer, type CallToolResult } from "@modelcontextprotocol/server";
import { z } from "zod";

const answer = JSON.parse(process.argv[2] ?? "{}") as CallToolResult;
const description = { description: "Answers at once.", inputSchema: z.object({}), outputSchema: z.looseObject({}) };

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: "bare", version: "1.0.0" });
  server.registerTool("get_strategy_schema", description, () => answer);
  return server;
});
const listener = getRequestListener((request) => handler.fetch(request), { overrideGlobalObjects: false });
const server = createServer((request, response) => void listener(request, response));
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(JSON.stringify(address));
});
