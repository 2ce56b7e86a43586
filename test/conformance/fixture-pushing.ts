/** Tools that send something before they answer: progress, log messages, changed lists, requests of old revisions. */
import { setTimeout as delay } from "node:timers/promises";
import type { CallToolResult, McpServer, ServerNotifier } from "@modelcontextprotocol/server";
import { z } from "zod";

/** The pause between two messages: the suite wants to see them one after the other. */
const BETWEEN_MS = 20;

const says = (text: string): CallToolResult => ({ content: [{ type: "text", text }] });
const form = (properties: Record<string, object>) => ({ type: "object" as const, properties, required: [] });
const titled = (...titles: string[]) => titles.map((title, index) => ({ const: `value${index + 1}`, title }));

const DEFAULTS = form({
  name: { type: "string", default: "John Doe" },
  age: { type: "integer", default: 30 },
  score: { type: "number", default: 95.5 },
  status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
  verified: { type: "boolean", default: true },
});

const OPTIONS = ["option1", "option2", "option3"];
const ENUMS = form({
  untitledSingle: { type: "string", enum: OPTIONS },
  titledSingle: { type: "string", oneOf: titled("First", "Second", "Third") },
  legacyEnum: { type: "string", enum: ["opt1", "opt2", "opt3"], enumNames: ["One", "Two", "Three"] },
  untitledMulti: { type: "array", minItems: 1, maxItems: 3, items: { type: "string", enum: OPTIONS } },
  titledMulti: { type: "array", minItems: 1, maxItems: 3, items: { anyOf: titled("First", "Second", "Third") } },
});

export function registerPushing(server: McpServer, notify: () => ServerNotifier): void {
  const plain = (description: string) => ({ description, inputSchema: z.object({}) });
  server.registerTool("test_tool_with_progress", plain("Reports progress"), async (_args, { mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined) {
        const params = { progressToken, progress, total: 100, message: `${progress} of 100` };
        await mcpReq.notify({ method: "notifications/progress", params });
      }
      await delay(BETWEEN_MS);
    }
    return says("done");
  });
  for (const name of ["test_tool_with_logging", "test_logging_tool"]) {
    server.registerTool(name, plain("Logs while it works"), async (_args, { mcpReq }) => {
      for (const data of ["started", "working", "done"]) {
        await mcpReq.log("info", data);
        await delay(BETWEEN_MS);
      }
      return says("logged");
    });
  }
  server.registerTool("test_trigger_tool_change", plain("Changes the tools"), () => {
    notify().toolsChanged();
    return says("changed");
  });
  server.registerTool("test_trigger_prompt_change", plain("Changes the prompts"), () => {
    notify().promptsChanged();
    return says("changed");
  });
  registerRequests(server);
}

/** What a server may ask of a client of the older revisions while a call is running. */
function registerRequests(server: McpServer): void {
  const prompt = z.object({ prompt: z.string() });
  server.registerTool("test_sampling", { description: "Samples", inputSchema: prompt }, async (args, { mcpReq }) => {
    const messages = [{ role: "user", content: { type: "text", text: args.prompt } }];
    const { content } = await mcpReq.send({ method: "sampling/createMessage", params: { messages, maxTokens: 100 } });
    return says(`LLM response: ${JSON.stringify(content)}`);
  });
  const inputSchema = z.object({ message: z.string().default("Please fill in the form") });
  const elicits = (name: string, requestedSchema: object) =>
    server.registerTool(name, { description: "Asks the user", inputSchema }, async ({ message }, { mcpReq }) => {
      const params = { message, requestedSchema };
      const { action, content } = await mcpReq.send({ method: "elicitation/create", params });
      return says(`action=${action}, content=${JSON.stringify(content ?? {})}`);
    });
  elicits("test_elicitation", form({ response: { type: "string" } }));
  elicits("test_elicitation_sep1034_defaults", DEFAULTS);
  elicits("test_elicitation_sep1330_enums", ENUMS);
}
