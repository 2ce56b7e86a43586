/** The product's MCP server on stdio with one tool that does nothing: what the protocol costs by itself. */
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";
import { createLogger } from "../src/logger.ts";
import { defineTool } from "../src/mcp/define-tool.ts";
import type { Deps } from "../src/research/ports.ts";
import { createServer } from "../src/mcp/server.ts";

const nothing = defineTool({
  name: "nothing",
  title: "Nothing",
  description: "Answers at once.",
  input: z.strictObject({ task_id: z.string() }),
  output: z.object({ task_id: z.string(), state: z.string(), final: z.boolean(), headline: z.string() }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  handle: async ({ task_id }) => ({ task_id, state: "running", final: false, headline: "Computing: 0 %." }),
});

serveStdio(() =>
  createServer({
    deps: async () => ({}) as Deps,
    executions: { record: () => undefined, flush: async () => undefined, dropped: 0 },
    admission: {
      call: async (_caller, _tool, _args, run) => await run(),
      usedUp: async () => null,
      job: async () => () => undefined,
    },
    page: async () => ({ title: "", html: "" }),
    log: createLogger("mcp", "silent"),
    tools: [nothing],
  }),
);
process.stdin.once("end", () => process.exit(0));
