import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { z } from "zod";

/** A tool answered with an error; the text is the product's own error form. */
export class ToolFailed extends Error {
  override readonly name = "ToolFailed";
  readonly tool: string;

  constructor(tool: string, text: string) {
    super(`${tool}: ${text}`);
    this.tool = tool;
  }
}

/** An MCP client over stdio that does what Claude would do. */
export interface Claude {
  /**
   * Calls a tool and returns its structured answer, checked against a schema.
   * @throws ToolFailed when the tool answers with an error.
   */
  call<T>(tool: string, args: Readonly<Record<string, unknown>>, answer: z.ZodType<T>): Promise<T>;
  /** The answer to `tools/list` as it came. */
  listTools(): Promise<unknown>;
  /** Process id of the MCP server; null once it is gone. */
  readonly serverPid: number | null;
  close(): Promise<void>;
}

/** Longer than the longest wait a tool offers (45 s). */
const CALL_TIMEOUT_MS = 60_000;

/**
 * Starts the MCP server as Claude does, through the launcher, and connects to it.
 * @param env the whole environment of the server process
 * @param onLog what the server writes to stderr
 */
export async function connectClaude(
  launcher: string,
  env: Readonly<Record<string, string>>,
  onLog: (text: string) => void,
): Promise<Claude> {
  const transport = new StdioClientTransport({ command: launcher, args: ["mcp"], env: { ...env }, stderr: "pipe" });
  transport.stderr?.on("data", (chunk: unknown) => onLog(String(chunk)));
  return await claudeOver(transport, () => transport.pid);
}

/** Connects to a server that runs already, as a client on another machine does. */
export async function connectClaudeOverHttp(url: string, token: string): Promise<Claude> {
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  });
  return await claudeOver(transport as Transport, () => null);
}

async function claudeOver(transport: Transport, pid: () => number | null): Promise<Claude> {
  const client = new Client({ name: "ktrdr-mcp-demo", version: "1" });
  await client.connect(transport);
  return {
    async call(tool, args, answer) {
      const result = await client.callTool({ name: tool, arguments: { ...args } }, undefined, {
        timeout: CALL_TIMEOUT_MS,
      });
      if (result.isError === true) throw new ToolFailed(tool, textOf(result.content));
      return answer.parse(result.structuredContent);
    },
    listTools: () => client.listTools(),
    get serverPid() {
      return pid();
    },
    close: () => client.close(),
  };
}

const Content = z.array(z.looseObject({ text: z.string().optional() }));

function textOf(content: unknown): string {
  return Content.parse(content)
    .flatMap(({ text }) => (text === undefined ? [] : [text]))
    .join("\n");
}
