import { once } from "node:events";
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { createExecutionLog } from "../../src/store/execution-log.ts";
import { createPool } from "../../src/store/pool.ts";
import { deadEnvironment } from "../support/mcp.ts";
import { createTestDatabase } from "../support/postgres.ts";

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "0.0.1" } },
};

describe("the server process", () => {
  let dead: Record<string, string>;
  let child: ChildProcessWithoutNullStreams | null = null;
  beforeAll(async () => {
    dead = await deadEnvironment();
  });
  afterEach(() => {
    child?.kill("SIGKILL");
    child = null;
  });

  /** A server that has answered the handshake, and everything it wrote to stdout. */
  async function started(env: Record<string, string> = {}) {
    const server = spawn(process.execPath, [new URL("../../src/bin/mcp.ts", import.meta.url).pathname], {
      env: { ...dead, LOG_LEVEL: "trace", ...env },
    });
    child = server;
    server.stderr.resume();
    const lines: string[] = [];
    let rest = "";
    server.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts);
      server.stdout.emit("lines");
    });
    const send = (message: object) => server.stdin.write(`${JSON.stringify(message)}\n`);
    const answerTo = async (id: number) => {
      for (;;) {
        const found = lines.map((line) => JSON.parse(line) as { id?: number }).find((answer) => answer.id === id);
        if (found !== undefined) return found;
        await once(server.stdout, "lines");
      }
    };
    send(INITIALIZE);
    await answerTo(1);
    return { server, lines, send, answerTo };
  }
  const exit = async (server: ChildProcessWithoutNullStreams) => {
    const [code, signal] = (await once(server, "exit")) as [number | null, string | null];
    return { code, signal };
  };

  test("is there before what calls need is read, which the first call waits for", async () => {
    const script = `import { registerHooks } from "node:module";
      const said = (url) => ["mcp-wiring.ts", "tools/index.ts"].forEach((name) => url.endsWith(name) && console.error("read " + name));
      registerHooks({ load: (url, context, next) => (said(url), next(url, context)) });`;
    const { server, send, answerTo } = await started({
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}`,
    });
    let told = "";
    server.stderr.setEncoding("utf8").on("data", (chunk: string) => (told += chunk));
    send({ jsonrpc: "2.0", id: 2, method: "ping" });
    await answerTo(2);
    expect(told).not.toContain("read ");
    send({ jsonrpc: "2.0", id: 3, method: "tools/call", params: { name: "get_strategy_schema", arguments: {} } });
    expect(await answerTo(3)).toMatchObject({ result: { structuredContent: {} } });
    await expect.poll(() => told).toMatch(/read .*\n.*read /s);
  });

  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("%s ends it with code 0", async (signal) => {
    const { server } = await started();
    server.kill(signal);
    expect(await exit(server)).toEqual({ code: 0, signal: null });
  });

  test("the end of stdin ends it with code 0, in the middle of a waiting call too", async () => {
    const { server, send } = await started();
    send({ jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "check_health", arguments: {} } });
    server.stdin.end();
    expect(await exit(server)).toEqual({ code: 0, signal: null });
  });

  test("stdout carries nothing but the protocol, whatever happens and is logged", async () => {
    const { server, lines, send, answerTo } = await started();
    send({ jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "list_models", arguments: {} } });
    send({ jsonrpc: "2.0", id: 3, method: "tools/call", params: { name: "no_such_tool", arguments: {} } });
    server.stdin.write("this is not json\n");
    send({ jsonrpc: "2.0", id: 4, method: "tools/list" });
    await Promise.all([answerTo(2), answerTo(3), answerTo(4)]);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: "2.0" });
    expect(await answerTo(3)).toMatchObject({ error: { code: -32602 } });
  });

  test("calls are in the execution log when it has ended", async () => {
    const database = await createTestDatabase();
    const pool = createPool(database.url);
    try {
      const { server, send, answerTo } = await started({ DATABASE_URL: database.url });
      send({ jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "list_models", arguments: { limit: 2 } } });
      await answerTo(2);
      server.stdin.end();
      await exit(server);
      expect(await createExecutionLog(pool).recent()).toMatchObject([
        { tool: "list_models", arguments: { limit: 2 }, errorCode: null, clientName: "raw", clientVersion: "0.0.1" },
      ]);
    } finally {
      await pool.end();
      await database.drop();
    }
  });

  test("a configuration that cannot be used ends it with code 1 and the reason on stderr", async () => {
    const server = spawn(process.execPath, [new URL("../../src/bin/mcp.ts", import.meta.url).pathname], {
      env: { ...dead, KTRDR_API_URL: "ftp://nowhere" },
    });
    child = server;
    let told = "";
    server.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      told += chunk;
    });
    expect(await exit(server)).toEqual({ code: 1, signal: null });
    expect(told).toContain("KTRDR_API_URL");
  });
});
