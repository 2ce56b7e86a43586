import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { addToken } from "../../src/http/token-file.ts";
import { until } from "../../lab/until.ts";
import { connectHttp, startHttpProcess, type HttpProcess } from "../support/http-server.ts";
import { CLIENT_LINES, deadEnvironment, textOf } from "../support/mcp.ts";

/** The text that is set wherever a secret can be configured. */
const PLANTED = "planted-secret-4f1c";
const LIST = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
const HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };

let server: HttpProcess;
let dead: Record<string, string>;
/** Everything that was answered. */
const answers: string[] = [];

beforeAll(async () => {
  dead = await deadEnvironment();
  server = await startHttpProcess({
    ...dead,
    DATABASE_URL: (dead["DATABASE_URL"] ?? "").replace("postgres@", `postgres:${PLANTED}@`),
    TEMPORAL_API_KEY: PLANTED,
    ANTHROPIC_API_KEY: PLANTED,
    LOG_LEVEL: "trace",
    MCP_HTTP_REQUEST_TIMEOUT_MS: "2000",
  });
});
afterAll(() => server.stop());

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | undefined;
}

/** Sends by node:http, which lets a caller lie about everything. */
async function send(
  headers: Readonly<Record<string, string>> = {},
  body: string | Buffer = LIST,
  target = "/mcp",
): Promise<Answer> {
  const asked = request({
    host: "127.0.0.1",
    port: server.port,
    path: target,
    method: "POST",
    headers: { ...HEADERS, ...headers },
    agent: false,
  });
  // A server that refuses a large body does not read it to the end.
  const failed = once(asked, "error").then(([error]: Error[]) => Promise.reject(error));
  failed.catch(() => undefined);
  asked.end(body);
  const [response] = await Promise.race([once(asked, "response"), failed]);
  const text = (await response.setEncoding("utf8").toArray()).join("");
  answers.push(text);
  return { status: response.statusCode, text, retryAfter: response.headers["retry-after"] };
}

const works = async () => expect((await send()).status).toBe(200);

describe("a web page that reaches for this server", () => {
  test.each([
    "evil.example.com",
    `evil.example.com:3100`,
    "localhost.evil.example.com",
    "127.0.0.1.nip.io",
    "169.254.169.254",
    "[::ffff:1.2.3.4]",
  ])("by a name that was bent to it: Host %s", async (host) => {
    expect(await send({ host })).toMatchObject({ status: 403 });
  });

  test.each([
    "https://evil.example.com",
    "http://localhost.evil.example.com",
    "null",
    "file://",
    "chrome-extension://x",
  ])("from its own Origin %s", async (origin) => {
    expect(await send({ origin })).toMatchObject({ status: 403 });
  });

  test("from this machine is let in", async () => {
    expect(await send({ origin: "http://localhost:6274", host: "localhost:3100" })).toMatchObject({ status: 200 });
  });

  test("gets an answer it may read only when it may call", async () => {
    const asks = { "access-control-request-method": "POST", "access-control-request-headers": "authorization" };
    const ask = async (method: string, origin: string) => {
      const init = method === "POST" ? { method, headers: { ...HEADERS, origin }, body: LIST } : null;
      const answer = await fetch(server.url, init ?? { method, headers: { ...asks, origin } });
      return { status: answer.status, readable: answer.headers.get("access-control-allow-origin") };
    };
    const [own, evil] = ["http://localhost:6274", "https://evil.example.com"];
    expect(await ask("OPTIONS", own)).toEqual({ status: 204, readable: own });
    expect(await ask("POST", own)).toEqual({ status: 200, readable: own });
    expect(await ask("OPTIONS", evil)).toEqual({ status: 403, readable: null });
    expect(await ask("POST", evil)).toEqual({ status: 403, readable: null });
  });
});

describe("bodies", () => {
  const big = Buffer.alloc(10 * 1_048_576, " ");

  test.each([
    ["with its length", { "content-length": String(big.length) }],
    ["in pieces", { "transfer-encoding": "chunked" }],
  ])("10 MB, %s: 413, and the next one is served", async (_name, headers: Record<string, string>) => {
    // When a client is slow to read, the connection may be closed before it has the refusal. Then the refusal is lost.
    const cut = () => ({ status: "cut" });
    await expect.poll(async () => (await send(headers, big).catch(cut)).status).toBe(413);
    await works();
  });

  test.each([
    ["not JSON", "{", {}, 400],
    ["nothing", "", {}, 400],
    ["lists in lists, 100,000 deep", "[".repeat(100_000), {}, 400],
    ["another content type", LIST, { "content-type": "text/plain" }, 415],
    [
      "a form, which a web page may send without asking",
      "a=1",
      { "content-type": "application/x-www-form-urlencoded" },
      415,
    ],
  ] as const)("%s: refused, and the next one is served", async (_name, body, headers, status) => {
    expect(await send(headers, body)).toMatchObject({ status });
    await works();
  });
});

describe("connections", () => {
  test("are kept for longer than a proxy keeps them", async () => {
    const { headers } = await fetch(`http://127.0.0.1:${server.port}/health`);
    expect(Number(/timeout=(\d+)/.exec(headers.get("keep-alive") ?? "")?.[1])).toBeGreaterThan(60);
  });

  const opened: Socket[] = [];
  afterAll(() => opened.forEach((socket) => socket.destroy()));

  async function begin(text: string, port = server.port): Promise<Socket> {
    const socket = connect(port, "127.0.0.1");
    opened.push(socket);
    socket.on("error", () => undefined);
    await once(socket, "connect");
    socket.write(text);
    return socket;
  }
  const half = `POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: 1000\r\n\r\n{`;

  test.each([
    ["headers", "POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Slow: "],
    ["a body", half],
  ])("that never finish sending %s are ended by the server", async (_name, text) => {
    const socket = await begin(text);
    let answer = "";
    socket.setEncoding("utf8").on("data", (piece: string) => (answer += piece));
    await once(socket, "close");
    expect(answer).toMatch(/^(HTTP\/1\.1 408 |$)/);
    await works();
  });

  test("beyond two hundred in work are told to come back, and let in once those are cut", async () => {
    const sockets = await Promise.all(Array.from({ length: 200 }, () => begin(half)));
    const busy: Answer[] = [];
    await until(
      async () => {
        busy.push(await send());
        return busy.at(-1)?.status === 503;
      },
      { what: "a refusal", timeoutMs: 120_000, everyMs: 20 },
    );
    expect(busy.at(-1)).toMatchObject({ retryAfter: "1" });
    // The question whether the process lives must be answered all the same.
    expect((await fetch(`http://127.0.0.1:${server.port}/health`)).status).toBe(200);
    for (const socket of sockets) socket.destroy();
    await until(async () => (await send()).status === 200, { what: "an answer", timeoutMs: 120_000, everyMs: 20 });
  });

  test("that one caller holds leave room for the others", async () => {
    const { guarded, greedy, modest } = await twoCallers();
    const status = async (token: string) => (await listedFor(guarded, token)).status;
    // These take so many places that none would be left if all callers shared one number of places.
    const held = half.replace("Host:", `Authorization: Bearer ${greedy}\r\nHost:`);
    await Promise.all(Array.from({ length: 200 }, () => begin(held, guarded.port)));
    await until(async () => (await status(greedy)) === 503, { what: "a refusal", timeoutMs: 120_000, everyMs: 20 });
    expect(await status(modest)).toBe(200);
  });
});

/** A server that knows two callers by their tokens. */
async function twoCallers() {
  const folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-attacks-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = path.join(folder, "tokens.json");
  const tokenOf = (name: string) => addToken(file, { name, scope: "read", expires: "2099-01-01T00:00:00.000Z" });
  const [greedy, modest] = [await tokenOf("greedy"), await tokenOf("modest")];
  const guarded = await startHttpProcess({ ...dead, MCP_TOKENS_FILE: file });
  onTestFinished(() => guarded.stop());
  return { guarded, greedy, modest };
}

const listedFor = async ({ url }: HttpProcess, token: string, body = LIST): Promise<Response> =>
  await fetch(url, { method: "POST", headers: { ...HEADERS, authorization: `Bearer ${token}` }, body });

test("ten thousand calls of one client cost another one none of its calls", async () => {
  const { guarded, greedy, modest } = await twoCallers();
  const params = { name: "get_strategy_schema", arguments: {} };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  const outcomes = { answered: 0, refused: 0 };
  const numbers = Array.from({ length: 10_000 }, (_, at) => at).values();
  const burst = Array.from({ length: 100 }, async () => {
    for (const _ of numbers) {
      const answer = await listedFor(guarded, greedy, body);
      const text = await answer.text();
      const refused = answer.status === 503 || text.includes("[rate_limited -32001]");
      outcomes[refused ? "refused" : "answered"] += 1;
    }
  });
  let over = false;
  const bursting = Promise.all(burst).finally(() => (over = true));
  let calls = 0;
  // The modest caller makes as many calls as its own limit allows.
  while (!over && calls < 90) {
    const answer = await listedFor(guarded, modest, body);
    expect(answer.status).toBe(200);
    expect(await answer.text()).not.toContain("isError");
    calls += 1;
  }
  await bursting;
  expect(calls).toBeGreaterThan(10);
  // A hundred calls a minute were answered, however many minutes it took.
  expect(outcomes.answered % 100).toBe(0);
  expect(outcomes.refused).toBeGreaterThan(9_000);
});

describe("names and texts", () => {
  test.each([
    "/mcp/../../etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/mcp%00.json",
    "//mcp",
    "/.well-known/../../etc/passwd",
    "/metrics",
    "/.env",
  ])("%s is nothing here", async (target) => {
    const { status, text } = await send({}, LIST, target);
    expect(status).toBe(404);
    expect(text).not.toContain("root:");
  });

  const traversal = "../../../../etc/passwd";
  const period = { start_date: "2001-01-01", end_date: "2002-01-01" };
  test.each([
    ["get_task_status", { task_id: traversal }],
    ["cancel_task", { task_id: traversal, reason: "because of a test" }],
    ["get_results", { task_id: traversal }],
    ["get_strategy", { strategy: traversal }],
    ["validate_strategy", { strategy: traversal }],
    ["list_tasks", { strategy: traversal }],
    ["list_models", { strategy: traversal }],
    ["train_model", { strategy: traversal, ...period }],
    ["train_model", { strategy: "x", symbol: traversal, ...period }],
    ["calculate_indicators", { symbol: traversal, timeframe: "1d", indicators: [{ type: "rsi" }] }],
    ["list_market_data", { symbol: traversal }],
    ["load_market_data", { symbol: traversal, timeframe: "1d", mode: "tail" }],
  ])("a path instead of an id is refused by %s", async (tool, args) => {
    const client = await connectHttp("modern", server.url);
    const answer = await client.call(tool, args);
    await client.close();
    answers.push(JSON.stringify(answer));
    expect(answer.isError).toBe(true);
    expect(textOf(answer)).toMatch(/^\[invalid_input -32602\] .*(task_id|strategy|model|symbol)/);
    expect(textOf(answer)).not.toMatch(/root:|[Uu]nknown argument|no argument/);
  });

  test("a text that looks like lines of the log stays inside one", async () => {
    const forged = '\r\n{"level":60,"msg":"forged"}\n\u001B[2Jforged';
    for (const line of CLIENT_LINES) {
      const client = await connectHttp(line, server.url);
      for (const tool of ["get_task_status", "get_strategy", "list_tasks"]) {
        answers.push(JSON.stringify(await client.call(tool, { task_id: forged, strategy: forged, [forged]: forged })));
      }
      await client.close();
    }
    await send({}, JSON.stringify({ jsonrpc: "2.0", id: 1, method: forged, params: { [forged]: forged } }));
    await send({
      "mcp-protocol-version": "2026-07-28\tforged",
      "user-agent": "forged",
      authorization: "Bearer forged",
    });
    const lines = server
      .output()
      .split("\n")
      .filter((line) => line !== "");
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      const { name, msg } = JSON.parse(line) as { name: string; msg?: string };
      expect(name).toBe("mcp");
      expect(msg ?? "").not.toMatch(/^forged/);
    }
  });
});

test("what was planted in the environment came out nowhere", async () => {
  const client = await connectHttp("modern", server.url);
  for (const tool of ["check_health", "list_tasks", "list_models", "list_strategies"]) {
    answers.push(JSON.stringify(await client.call(tool)));
  }
  await client.close();
  for (const route of ["/ready", "/health", "/metrics"]) {
    answers.push(await (await fetch(`http://127.0.0.1:${server.port}${route}`)).text());
  }
  server.kill("SIGTERM");
  expect(await server.ended).toBe(0);
  expect(server.output()).toContain("tool executions were not recorded");
  expect(answers.length).toBeGreaterThan(30);
  expect(`${server.output()}${answers.join("\n")}`).not.toContain(PLANTED);
});
