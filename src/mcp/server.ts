import { randomUUID } from "node:crypto";
import {
  CLIENT_INFO_META_KEY,
  McpServer,
  type CallToolResult,
  type ServerContext,
  type StandardSchemaWithJSON,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Logger } from "../logger.ts";
import type { Admission } from "./admission/admission.ts";
import type { ClientIdentity, ReportProgress, Tool, ToolContext } from "./define-tool.ts";
import { toToolError } from "./errors.ts";
import type { ExecutionQueue } from "./execution-log.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import type { Deps } from "./ports.ts";
import { TOOLS } from "./tools/index.ts";

export const SERVER_NAME = "ktrdr-mcp";
export const SERVER_VERSION = "0.1.0";

/** The tool list never changes while a server runs. */
const LIST_TTL_MS = 300_000;

export interface ServerParts {
  /** Asked once per call: a lab that starts after this server is found by the next call. Never rejects. */
  readonly deps: () => Promise<Deps>;
  readonly executions: ExecutionQueue;
  /** One for the whole process: servers share what they count. */
  readonly admission: Admission;
  readonly log: Logger;
  readonly tools?: readonly Tool[];
}

/** One MCP server over the given parts, for either protocol era. Touches no part until a tool needs it. */
export function createServer(parts: ServerParts): McpServer {
  const hint = { ttlMs: LIST_TTL_MS, cacheScope: "public" } as const;
  const server = new McpServer(
    { name: SERVER_NAME, title: "KTRDR research", version: SERVER_VERSION },
    {
      instructions: INSTRUCTIONS,
      capabilities: { tools: { listChanged: false } },
      cacheHints: { "tools/list": hint, "server/discover": hint },
    },
  );
  for (const tool of parts.tools ?? TOOLS) register(server, tool, parts);
  return server;
}

function register(server: McpServer, tool: Tool, parts: ServerParts): void {
  server.registerTool(
    tool.name,
    {
      title: tool.title,
      description: tool.description,
      inputSchema: listed(tool.input),
      outputSchema: listed(tool.output),
      annotations: { title: tool.title, ...tool.annotations },
    },
    (args, context) => call(tool, args, callerOf(server, context, parts.log), parts),
  );
}

/**
 * The schema as clients see it, without the SDK's validation: its messages are not in our error form, so the tool
 * itself parses (define-tool.ts).
 */
function listed(schema: z.ZodObject): StandardSchemaWithJSON {
  const json = (io: "input" | "output") => () => {
    const { $schema: _dialect, ...shape } = z.toJSONSchema(schema, { io, target: "draft-2020-12" });
    return shape;
  };
  return {
    "~standard": {
      version: 1,
      vendor: SERVER_NAME,
      validate: (value) => ({ value }),
      jsonSchema: { input: json("input"), output: json("output") },
    },
  };
}

type Caller = Omit<ToolContext, "deps" | "admission">;

async function call(tool: Tool, args: unknown, context: Caller, parts: ServerParts): Promise<CallToolResult> {
  const at = new Date().toISOString();
  const started = performance.now();
  const record = (errorCode: string | null, taskId: string | null) =>
    parts.executions.record({
      id: randomUUID(),
      tool: tool.name,
      arguments: args,
      errorCode,
      durationMs: Math.round(performance.now() - started),
      clientName: context.client.name,
      clientVersion: context.client.version,
      taskId: taskId ?? taskIdIn(args),
      at,
    });
  try {
    const { admission } = parts;
    const facts = await admission.call(
      context.client.name,
      tool.name,
      args,
      async () => await tool.run(args, { ...context, admission, deps: await parts.deps() }),
    );
    record(null, taskIdIn(facts));
    return { content: [{ type: "text", text: JSON.stringify(facts) }], structuredContent: { ...facts } };
  } catch (error) {
    const { code, text } = toToolError(error, tool.name, context.log);
    record(code, null);
    return { isError: true, content: [{ type: "text", text }] };
  }
}

function taskIdIn(value: unknown): string | null {
  const id: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "task_id") : undefined;
  return typeof id === "string" ? id.slice(0, 200) : null;
}

function callerOf(server: McpServer, context: ServerContext, log: Logger): Caller {
  return {
    signal: context.mcpReq.signal,
    progress: progressOf(context, log),
    client: clientOf(server, context),
    log,
  };
}

/** The protocol wants strictly growing progress, a job's percent may stand still: the count of messages grows. */
function progressOf(context: ServerContext, log: Logger): ReportProgress {
  const progressToken = context.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return () => undefined;
  let last = -1;
  return ({ percent, message }) => {
    last = Math.max(Math.min(100, percent), last + 0.001);
    context.mcpReq
      .notify({
        method: "notifications/progress",
        params: { progressToken, progress: last, total: Math.max(100, last), message },
      })
      .catch((error: unknown) => log.debug({ err: error }, "progress could not be sent"));
  };
}

const ClientInfo = z.object({ name: z.string().max(200), version: z.string().max(100) });

function clientOf(server: McpServer, context: ServerContext): ClientIdentity {
  const envelope: Readonly<Record<string, unknown>> = context.mcpReq.envelope ?? {};
  const claimed = ClientInfo.safeParse(envelope[CLIENT_INFO_META_KEY] ?? server.server.getClientVersion());
  return claimed.success ? claimed.data : { name: "unknown", version: "unknown" };
}
