/** The server that the conformance suite expects. The names of its tools, resources and prompts exist only in tests. */
import { randomBytes } from "node:crypto";
import {
  createRequestStateCodec,
  McpServer,
  ResourceTemplate,
  type ServerNotifier,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { registerAsking } from "./fixture-asking.ts";
import { PIXEL, registerContent } from "./fixture-content.ts";
import { registerPushing } from "./fixture-pushing.ts";

/** One key for all rounds of a call: each round is served by a fresh server. */
const states = createRequestStateCodec({ key: randomBytes(32) });

/** @param notify reaches the subscriptions that clients of the newest era hold open */
export function createFixtureServer(notify: () => ServerNotifier): McpServer {
  const server = new McpServer(
    { name: "conformance-fixture", version: "1.0.0" },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        logging: {},
        completions: {},
      },
      requestState: { verify: async (state, context) => await states.verify(state, context) },
    },
  );
  registerContent(server);
  registerAsking(server, (payload) => states.mint(payload));
  registerPushing(server, notify);
  registerResources(server);
  registerPrompts(server);
  const low = server.server;
  low.setRequestHandler("resources/subscribe", () => ({}));
  low.setRequestHandler("resources/unsubscribe", () => ({}));
  low.setRequestHandler("logging/setLevel", () => ({}));
  low.setRequestHandler("completion/complete", () => ({ completion: { values: [], total: 0, hasMore: false } }));
  return server;
}

function registerResources(server: McpServer): void {
  const text = (uri: string, body: string) => ({ contents: [{ uri, mimeType: "text/plain", text: body }] });
  server.registerResource("text", "test://static-text", { mimeType: "text/plain" }, () =>
    text("test://static-text", "Text that stays as it is."),
  );
  server.registerResource("watched", "test://watched-resource", { mimeType: "text/plain" }, () =>
    text("test://watched-resource", "Text that somebody watches."),
  );
  server.registerResource("binary", "test://static-binary", { mimeType: "image/png" }, () => ({
    contents: [{ uri: "test://static-binary", mimeType: "image/png", blob: PIXEL }],
  }));
  const template = new ResourceTemplate("test://template/{id}/data", { list: undefined });
  server.registerResource("data", template, { mimeType: "application/json" }, ({ href }, { id }) => ({
    contents: [{ uri: href, mimeType: "application/json", text: JSON.stringify({ id, templateTest: true }) }],
  }));
}

function registerPrompts(server: McpServer): void {
  const says = (text: string) => ({ role: "user" as const, content: { type: "text" as const, text } });
  server.registerPrompt("test_simple_prompt", { description: "Says one thing" }, () => ({
    messages: [says("This is a simple prompt for testing.")],
  }));
  const pair = z.object({ arg1: z.string(), arg2: z.string() });
  server.registerPrompt(
    "test_prompt_with_arguments",
    { description: "Says what it is told", argsSchema: pair },
    ({ arg1, arg2 }) => ({
      messages: [says(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
    }),
  );
  const named = z.object({ resourceUri: z.string() });
  const embedding = { description: "Shows a resource", argsSchema: named };
  server.registerPrompt("test_prompt_with_embedded_resource", embedding, ({ resourceUri: uri }) => ({
    messages: [
      { role: "user", content: { type: "resource", resource: { uri, mimeType: "text/plain", text: "Embedded." } } },
      says("Read what is above."),
    ],
  }));
  server.registerPrompt("test_prompt_with_image", { description: "Shows an image" }, () => ({
    messages: [
      { role: "user", content: { type: "image", data: PIXEL, mimeType: "image/png" } },
      says("Look at what is above."),
    ],
  }));
}
