import { once } from "node:events";
import { spawn } from "node:child_process";
import { connectHttp, startHttpProcess } from "./http-server.ts";

/** A server's answer to a message, in the form of JSON-RPC. */
export interface RawAnswer {
  readonly id?: unknown;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string };
}

/** A server process that gets bytes instead of a client's messages. */
export interface RawServer {
  /** Sends the bytes of one message and waits for the answer with that id, or with one of several ids. */
  ask(message: string | Uint8Array, id: unknown): Promise<RawAnswer>;
  /** Calls a tool as a well-behaved caller does. Over HTTP this is another client. */
  callAnother(tool: string, args: Readonly<Record<string, unknown>>): Promise<boolean>;
  stderr(): string;
  stop(): Promise<void>;
}

const MCP = new URL("../../src/bin/mcp.ts", import.meta.url).pathname;

export interface RawStdio extends RawServer {
  /** Sends a message that wants no answer. */
  tell(message: string | Uint8Array): void;
  /** Answers that nobody waited for. */
  unasked(): readonly RawAnswer[];
}

export async function rawStdio(env: Readonly<Record<string, string>>): Promise<RawStdio> {
  const child = spawn(process.execPath, [MCP], { env: { LOG_LEVEL: "info", ...env } });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const answers: RawAnswer[] = [];
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    answers.push(...lines.map((line) => JSON.parse(line) as RawAnswer));
    child.stdout.emit("answers");
  });
  child.stdout.setMaxListeners(0);
  const tell: RawStdio["tell"] = (message) => {
    child.stdin.write(message);
    child.stdin.write("\n");
  };
  const ask: RawServer["ask"] = async (message, id) => {
    const ids: readonly unknown[] = Array.isArray(id) ? id : [id];
    tell(message);
    for (;;) {
      const at = answers.findIndex((answer) => ids.includes(answer.id));
      const [found] = at < 0 ? [] : answers.splice(at, 1);
      if (found !== undefined) return found;
      await once(child.stdout, "answers");
    }
  };
  let calls = 0;
  await ask(
    JSON.stringify({
      jsonrpc: "2.0",
      id: "hello",
      method: "initialize",
      params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
    }),
    "hello",
  );
  return {
    ask,
    tell,
    // Notifications do not count: a server may tell of jobs that ended.
    unasked: () => answers.filter((answer) => !("method" in answer)),
    async callAnother(name, args) {
      const id = `another-${(calls += 1)}`;
      const params = { name, arguments: args };
      const { result } = await ask(JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params }), id);
      return result !== undefined && result["isError"] !== true;
    },
    stderr: () => stderr,
    async stop() {
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

export async function rawHttp(env: Readonly<Record<string, string>>): Promise<RawServer> {
  const server = await startHttpProcess(env);
  const another = await connectHttp("modern", server.url);
  return {
    async ask(body) {
      const headers = { "content-type": "application/json", accept: "application/json" };
      const answer = await fetch(server.url, { method: "POST", headers, body });
      return (await answer.json()) as RawAnswer;
    },
    async callAnother(name, args) {
      return (await another.call(name, { ...args })).isError !== true;
    },
    stderr: server.output,
    async stop() {
      await another.close();
      server.kill("SIGTERM");
      await server.ended;
    },
  };
}
