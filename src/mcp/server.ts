import {
  CLIENT_INFO_META_KEY,
  McpServer,
  type CallToolResult,
  type ImageContent,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { DomainError } from "../domain/errors.ts";
import { allVisible } from "../domain/plain-text.ts";
import { mayUse, type Identity } from "../domain/identity.ts";
import type { Logger } from "../logger.ts";
import type { KnownCaller, ServerParts } from "./server-parts.ts";
import { registerApp, showsApps } from "./app/app.ts";
import { VIEW_AT } from "./app/meta.ts";
import { scopeOf, type ClientIdentity, type ReportProgress, type Tool, type ToolContext } from "./define-tool.ts";
import { toToolError } from "./errors.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import { LISTED, listedSchema, listingOf, withoutApp, type Listing } from "./listing.ts";
import { clientIn, countedAs } from "./client-info.ts";
import { recordedCall, taskIdIn } from "./recorded-call.ts";
import { registerPrompts } from "./prompts/register.ts";
import { mendArguments } from "./mend-arguments.ts";
import { createResultWatch, type ResultWatch } from "./resources/result-watch.ts";
import { registerResources, registerSubscriptions } from "./resources/register.ts";

export const SERVER_NAME = "ktrdr-mcp";
export const SERVER_VERSION = "0.1.0";

/** The tool list never changes while a server runs. */
const LIST_TTL_MS = 300_000;

/** What calls need is read while the client reads the list: reading it at once would hold up the answer. */
const READ_AFTER_MS = 50;

/** A user who can start our process on this machine may do everything. */
const LOCAL: KnownCaller = { name: null, scope: "operate", source: "local" };

/** One MCP server over the given parts, for either protocol era. Touches no part until a tool needs it. */
export function createServer(parts: ServerParts, caller: KnownCaller = LOCAL): McpServer {
  const hint = { ttlMs: LIST_TTL_MS, cacheScope: "public" } as const;
  // What is listed depends on who asks.
  const own = { ttlMs: LIST_TTL_MS, cacheScope: "private" } as const;
  const server = new McpServer(
    { name: SERVER_NAME, title: "KTRDR research", version: SERVER_VERSION },
    {
      instructions: INSTRUCTIONS,
      capabilities: {
        tools: { listChanged: false },
        prompts: { listChanged: false },
        resources: { listChanged: false, subscribe: parts.notifies === true },
      },
      cacheHints: {
        "tools/list": own,
        "server/discover": hint,
        "prompts/list": hint,
        "resources/templates/list": hint,
        // Each job changes the list.
        "resources/list": { ttlMs: 0, cacheScope: "private" },
      },
    },
  );
  const listed = parts.tools?.map(listingOf) ?? LISTED;
  const offered = listed.filter((tool) => mayUse(caller, scopeOf(tool)));
  const plain = withoutApp(offered);
  server.server.setRequestHandler("tools/list", (_request, context) => {
    setTimeout(() => void Promise.allSettled([toolsOf(parts), parts.deps()]), READ_AFTER_MS);
    return { tools: [...(showsApps(server, context) ? offered : plain)] };
  });
  const watch = parts.notifies === true ? watchFor(server, parts) : null;
  registerPrompts(server, parts.deps);
  registerApp(server);
  registerResources(server, {
    deps: parts.deps,
    ask: async (name, args, context) => await answer(server, name, args, context, parts, caller),
  });
  const told = { ...parts, ...(watch === null ? {} : { onOpenJob: (jobId: string) => watch.follow(jobId) }) };
  // Registers all tools, so that a call of one that is not listed is refused in our words and logged.
  for (const tool of listed) register(server, tool, told, caller);
  return server;
}

let own: Promise<{ readonly ALL_TOOLS: readonly Tool[] }> | null = null;

/** Read at the first call: listing them needs none of what they do. */
const toolsOf = async ({ tools }: ServerParts): Promise<readonly Tool[]> =>
  tools ?? (await (own ??= import("./tools/index.ts"))).ALL_TOOLS;

/** Clients from 2026-07-28 on subscribe where we do not see it, so every job that an answer showed as open is watched. */
function watchFor(server: McpServer, { deps, log }: ServerParts): ResultWatch {
  const tell = (uri: string) =>
    void server.server
      .sendResourceUpdated({ uri })
      .catch((error: unknown) => log.debug({ err: error }, "a client could not be told"));
  const watch = createResultWatch(deps, tell, log);
  registerSubscriptions(server, watch);
  const closed = server.server.onclose;
  server.server.onclose = () => {
    watch.end();
    closed?.();
  };
  return watch;
}

function register(server: McpServer, listed: Listing, parts: ServerParts, caller: KnownCaller): void {
  const { name, inputSchema, outputSchema, ...surface } = listed;
  server.registerTool(
    name,
    { ...surface, inputSchema: listedSchema(inputSchema), outputSchema: listedSchema(outputSchema) },
    async (args, context) => await answer(server, name, args, context, parts, caller),
  );
}

async function answer(
  server: McpServer,
  name: string,
  args: unknown,
  context: ServerContext,
  parts: ServerParts,
  caller: KnownCaller,
): Promise<CallToolResult> {
  const tool = (await toolsOf(parts)).find((one) => one.name === name);
  if (tool === undefined) throw new TypeError(`there is no tool ${name}`);
  const waiting = untilEither(context.mcpReq.signal, parts.leaving);
  const known = { ...contextOf(server, context, caller, parts.log), signal: waiting.signal };
  // A client that subscribes by a request is told only of what it asked for.
  const { onOpenJob, ...others } = parts;
  const told = context.mcpReq.envelope === undefined || onOpenJob === undefined ? others : { ...others, onOpenJob };
  const run = () => call(tool, args, known, { ...told, gone: context.mcpReq.signal });
  try {
    return await (parts.traceCall?.(tool.name, context.mcpReq._meta, run) ?? run());
  } finally {
    waiting.release();
  }
}

type CallContext = Omit<ToolContext, "deps" | "admission" | "attach" | "pageAt"> & {
  /** The key under which the limits count the caller. */
  readonly counted: string;
  readonly showsApps: boolean;
};

/** `gone` aborts when the client gives the call up; from 2026-07-28 on, over HTTP, by closing the connection. */
type CallParts = ServerParts & { readonly gone: AbortSignal };

async function call(tool: Tool, sent: unknown, context: CallContext, parts: CallParts): Promise<CallToolResult> {
  const args = mendArguments(tool.input, sent);
  const record = recordedCall(parts, {
    tool: tool.name,
    arguments: args,
    clientName: context.client.name,
    clientVersion: context.client.version,
    identity: { name: context.caller.name, source: context.caller.source },
  });
  const view = context.showsApps ? viewOf(tool, args) : {};
  try {
    assertAllowed(tool, context.caller);
    const { admission } = parts;
    const pictures: ImageContent[] = [];
    const attach = (png: Uint8Array): void =>
      void pictures.push({ type: "image", data: Buffer.from(png).toString("base64"), mimeType: "image/png" });
    const run = async () => {
      assertWanted(parts.gone);
      const deps = await parts.deps();
      const pageAt = async (path: string) => await parts.page(deps, path);
      return allVisible(await tool.run(args, { ...context, admission, attach, deps, pageAt }));
    };
    const facts = await admission.call(context.counted, tool.name, args, run);
    record(null, taskIdIn(facts));
    const open = facts["final"] === false ? taskIdIn(facts) : null;
    if (open !== null) parts.onOpenJob?.(open);
    const text = tool.forPage?.(facts) ?? JSON.stringify(facts);
    return { content: [{ type: "text", text }, ...pictures], structuredContent: { ...facts }, ...view };
  } catch (error) {
    const { code, text } = toToolError(error, tool.name, context.log);
    record(code, null);
    return { isError: true, content: [{ type: "text", text }], ...view };
  }
}

/** Tells the page in a client's frame which of its views belongs to the answer. */
function viewOf(tool: Tool, args: unknown): Pick<CallToolResult, "_meta"> {
  const path = tool.page?.(args) ?? null;
  return path === null ? {} : { _meta: { [VIEW_AT]: path } };
}

/** Checks that a call which waited is still wanted. @throws DomainError `client_gone` */
function assertWanted(gone: AbortSignal): void {
  if (gone.aborted)
    throw new DomainError("client_gone", { what: "The call was given up before its turn: nothing was done." });
}

/** @throws DomainError `forbidden` */
function assertAllowed(tool: Tool, caller: Identity): void {
  const needed = scopeOf(tool);
  if (mayUse(caller, needed)) return;
  throw new DomainError("forbidden", {
    what: `${tool.name} needs the scope ${needed}; this connection has ${caller.scope}.`,
    next: "use the tools that tools/list offers, or ask the operator for a token with more rights",
  });
}

/** A signal that aborts with either of two. `leaving` outlives every call, so its listener must be removed. */
function untilEither(gone: AbortSignal, leaving: AbortSignal | undefined) {
  if (leaving === undefined) return { signal: gone, release: () => undefined };
  const either = new AbortController();
  const abort = () => either.abort();
  for (const signal of [gone, leaving]) {
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  }
  return { signal: either.signal, release: () => leaving.removeEventListener("abort", abort) };
}

function contextOf(server: McpServer, context: ServerContext, caller: KnownCaller, log: Logger): CallContext {
  const client = clientOf(server, context);
  return {
    signal: context.mcpReq.signal,
    progress: progressOf(context, log),
    client,
    caller: { name: caller.name ?? client.name, scope: caller.scope, source: caller.source },
    counted: countedAs(caller, client),
    showsApps: showsApps(server, context),
    log,
  };
}

/** The protocol demands that progress grows, and a job's percent may stand still: so the number of messages is sent. */
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

function clientOf(server: McpServer, context: ServerContext): ClientIdentity {
  const envelope: Readonly<Record<string, unknown>> = context.mcpReq.envelope ?? {};
  return clientIn(envelope[CLIENT_INFO_META_KEY] ?? server.server.getClientVersion());
}
