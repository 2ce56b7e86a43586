import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Client as ModernClient, StreamableHTTPClientTransport as ModernHttp } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { CallToolResult, ListToolsResult } from "@modelcontextprotocol/sdk/types.js";
import { COMPILED, type CallOptions, type ClientLine, type Connecting } from "./mcp.ts";

export interface HttpProcess {
  /** The address of the MCP endpoint. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Everything that it wrote so far, to stdout and stderr. */
  readonly output: () => string;
  kill(signal: NodeJS.Signals): void;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  /** Sends SIGKILL and waits for the end. */
  stop(): Promise<void>;
}

const MCP = new URL("../../src/bin/mcp.ts", import.meta.url).pathname;

/**
 * A real `mcp --http` process on a free port.
 * @throws Error with its output when it ends instead of listening
 */
export async function startHttpProcess(
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<HttpProcess> {
  const child = spawn(process.execPath, [MCP, "--http", "--port", "0", ...args], {
    env: { ...COMPILED, LOG_LEVEL: "info", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ended = once(child, "exit").then(([code, signal]) => code ?? signal);
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      output += `${line}\n`;
      const found = /"port":(\d+).*serving MCP over HTTP/.exec(line);
      if (found !== null) resolve(Number(found[1]));
    });
    void once(child, "close").then(() => reject(new Error(output)));
  });
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    port,
    pid: child.pid ?? 0,
    output: () => output,
    kill: (signal) => void child.kill(signal),
    ended,
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

export interface HttpClient {
  listTools(): Promise<ListToolsResult["tools"]>;
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<CallToolResult>;
  close(): Promise<void>;
}

const IDENTITY = { name: "http-test", version: "9.8.7" };

/** A client of either SDK line. The newer one accepts only 2026-07-28. */
export async function connectHttp(
  line: ClientLine,
  url: string,
  token?: string,
  { capabilities = {} }: Pick<Connecting, "capabilities"> = {},
): Promise<HttpClient> {
  const requestInit = token === undefined ? {} : { requestInit: { headers: { authorization: `Bearer ${token}` } } };
  if (line === "legacy") {
    const client = new LegacyClient(IDENTITY, { capabilities });
    // The SDK's own types disagree under exactOptionalPropertyTypes.
    await client.connect(new LegacyHttp(new URL(url), requestInit) as Parameters<typeof client.connect>[0]);
    return {
      listTools: async () => (await client.listTools()).tools,
      call: async (name, args = {}, options = {}) =>
        (await client.callTool({ name, arguments: args }, undefined, options)) as CallToolResult,
      close: () => client.close(),
    };
  }
  const client = new ModernClient(IDENTITY, { capabilities, versionNegotiation: { mode: { pin: "2026-07-28" } } });
  await client.connect(new ModernHttp(new URL(url), requestInit));
  return {
    listTools: async () => (await client.listTools()).tools as ListToolsResult["tools"],
    call: async (name, args = {}, options = {}) =>
      (await client.callTool({ name, arguments: args }, options)) as CallToolResult,
    close: () => client.close(),
  };
}
