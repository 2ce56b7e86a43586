import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client as ModernClient } from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernStdio } from "@modelcontextprotocol/client/stdio";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as LegacyStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import {
  ResourceUpdatedNotificationSchema,
  type CallToolResult,
  type ListToolsResult,
} from "@modelcontextprotocol/sdk/types.js";
import { freePort } from "./ports.ts";

export type ClientLine = "legacy" | "modern";
export const CLIENT_LINES: readonly ClientLine[] = ["legacy", "modern"];

export interface TestClient {
  readonly line: ClientLine;
  readonly pid: number;
  /** Everything the server wrote to stderr so far. */
  readonly stderr: () => string;
  readonly instructions: () => string | undefined;
  listTools(): Promise<ListToolsResult["tools"]>;
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<CallToolResult>;
  /** The methods that are the same in both SDK lines. */
  readonly sdk: Pick<
    LegacyClient,
    "listPrompts" | "getPrompt" | "listResources" | "listResourceTemplates" | "readResource" | "complete"
  >;
  /** Subscribes to a resource in the way of the SDK line. */
  follow(uri: string, onUpdate: (uri: string) => void): Promise<void>;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly onprogress?: (progress: { progress: number; message?: string | undefined }) => void;
  readonly signal?: AbortSignal;
  /** Sent as the request's `_meta`. */
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** How often a call is repeated when Temporal was too slow. */
const PATIENCE = 10;

/** Calls a tool. On a machine that is too busy it repeats the call, as the answer says. */
export async function callPatiently(
  client: Pick<TestClient, "call">,
  tool: string,
  args: Record<string, unknown> = {},
): Promise<CallToolResult> {
  for (let left = PATIENCE; ; left -= 1) {
    const answer = await client.call(tool, args);
    const tooSlow = answer.isError === true && textOf(answer).includes("Temporal did not answer in time");
    if (left === 0 || !tooSlow) return answer;
  }
}

/** Settings that only make our processes start sooner. */
export const COMPILED: Readonly<Record<string, string>> = {
  NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? "",
};

/** Addresses at which nothing listens. They are explicit, so that no lab of this machine is used instead. */
export async function deadEnvironment(): Promise<Record<string, string>> {
  const ports = [await freePort(), await freePort(), await freePort()];
  const empty = await mkdtemp(join(tmpdir(), "ktrdr-mcp-none-"));
  await rm(empty, { recursive: true });
  return {
    ...COMPILED,
    KTRDR_API_URL: `http://127.0.0.1:${ports[0]}`,
    DATABASE_URL: `postgresql://postgres@127.0.0.1:${ports[1]}/none`,
    TEMPORAL_ADDRESS: `127.0.0.1:${ports[2]}`,
    LAB_DIR: empty,
  };
}

const MCP = new URL("../../src/bin/mcp.ts", import.meta.url).pathname;
const serverWith = (args: readonly string[] = []) => ({
  command: process.execPath,
  args: [MCP, ...args],
  stderr: "pipe" as const,
});

/** What a client says that shows MCP Apps. */
export const SHOWS_APPS = {
  extensions: { "io.modelcontextprotocol/ui": { mimeTypes: ["text/html;profile=mcp-app"] } },
};

export interface Connecting {
  /** What the client says that it can do; nothing unless given. */
  readonly capabilities?: Partial<typeof SHOWS_APPS>;
  /** Arguments of the server. */
  readonly args?: readonly string[];
}

/** `NODE_OPTIONS` for a process whose clock is so many seconds ahead of everybody else's. */
export function setBy(seconds: number): string {
  const script = `const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...given) { if (given.length > 0) super(...given); else super(Real.now() + ${seconds}e3); }
      static now() { return Real.now() + ${seconds}e3; }
    };`;
  return `--import=data:text/javascript,${encodeURIComponent(script)}`;
}

/** A real server process with a client of either SDK line in front of it. */
export async function connectServer(
  line: ClientLine,
  env: Readonly<Record<string, string>>,
  connecting: Connecting = {},
): Promise<TestClient> {
  return line === "legacy" ? await connectLegacy(env, connecting) : await connectModern(env, connecting);
}

/** The clients' own limit of a minute is too short on a busy machine. */
const PATIENT = { timeout: 600_000 };
const IDENTITY = { name: "interop-test", version: "9.8.7" };

type Env = Readonly<Record<string, string>>;

async function connectLegacy(env: Env, { capabilities = {}, args }: Connecting): Promise<TestClient> {
  const transport = new LegacyStdio({ ...serverWith(args), env: { ...COMPILED, ...env } });
  const stderr = collect(transport.stderr);
  const client = new LegacyClient(IDENTITY, { capabilities });
  await client.connect(transport, PATIENT);
  return {
    line: "legacy",
    pid: transport.pid ?? 0,
    stderr,
    instructions: () => client.getInstructions(),
    sdk: client,
    async follow(uri, onUpdate) {
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => onUpdate(params.uri));
      await client.subscribeResource({ uri });
    },
    listTools: async () => (await client.listTools()).tools,
    call: async (name, args = {}, { meta, ...options } = {}) =>
      (await client.callTool({ name, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) }, undefined, {
        ...PATIENT,
        ...options,
      })) as CallToolResult,
    close: () => client.close(),
  };
}

async function connectModern(env: Env, { capabilities = {}, args }: Connecting): Promise<TestClient> {
  const transport = new ModernStdio({ ...serverWith(args), env: { ...COMPILED, ...env } });
  const stderr = collect(transport.stderr);
  const client = new ModernClient(IDENTITY, { capabilities, versionNegotiation: { mode: { pin: "2026-07-28" } } });
  await client.connect(transport, PATIENT);
  return {
    line: "modern",
    pid: transport.pid ?? 0,
    stderr,
    instructions: () => client.getInstructions(),
    sdk: client as unknown as TestClient["sdk"],
    async follow(uri, onUpdate) {
      client.setNotificationHandler("notifications/resources/updated", ({ params }) => onUpdate(params.uri));
      await client.listen({ resourceSubscriptions: [uri] });
    },
    listTools: async () => (await client.listTools()).tools as ListToolsResult["tools"],
    call: async (name, args = {}, { meta, ...options } = {}) =>
      (await client.callTool(
        { name, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) },
        { ...PATIENT, ...options },
      )) as CallToolResult,
    close: () => client.close(),
  };
}

function collect(stream: { on(event: "data", listener: (chunk: Buffer) => void): unknown } | null): () => string {
  let text = "";
  stream?.on("data", (chunk) => {
    text += chunk.toString("utf8");
  });
  return () => text;
}

/** Text of the first block of an answer. */
export function textOf(result: CallToolResult): string {
  const [block] = result.content;
  return block?.type === "text" ? block.text : "";
}
