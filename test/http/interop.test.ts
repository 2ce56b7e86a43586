import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { addToken } from "../../src/http/token-file.ts";
import { TOOLS } from "../../src/mcp/tools/index.ts";
import { createExecutionLog } from "../../src/store/execution-log.ts";
import { createPool } from "../../src/store/pool.ts";
import { connectHttp, startHttpProcess, type HttpClient, type HttpProcess } from "../support/http-server.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { CLIENT_LINES, deadEnvironment, textOf, type ClientLine } from "../support/mcp.ts";

let stack: Stack;
const running: HttpProcess[] = [];
const clients: HttpClient[] = [];

beforeAll(async () => {
  stack = await startStack({ temporal: true, ktrdr: true });
});
afterAll(() => stack.stop());
afterEach(async () => {
  await Promise.allSettled(clients.splice(0).map((client) => client.close()));
  for (const server of running.splice(0)) await server.stop();
});

async function serve(env: Readonly<Record<string, string>> = {}): Promise<HttpProcess> {
  const server = await startHttpProcess({ ...stack.env, ...env });
  running.push(server);
  return server;
}
async function connect(line: ClientLine, server: HttpProcess): Promise<HttpClient> {
  const client = await connectHttp(line, server.url);
  clients.push(client);
  return client;
}

function executionLog() {
  const pool = createPool(stack.env["DATABASE_URL"] ?? "");
  return { executions: createExecutionLog(pool), close: () => pool.end() };
}

const wish = (line: string) => ({
  strategy: stack.strategy,
  symbol: "SPX",
  timeframe: "1d",
  start_date: "2001-01-01",
  end_date: line === "modern" ? "2010-12-31" : "2011-12-31",
});

describe.each(CLIENT_LINES)("a client of the %s line over HTTP", (line) => {
  test("sees every tool, and gets facts from those it calls", async () => {
    const client = await connect(line, await serve());
    expect((await client.listTools()).map(({ name }) => name)).toEqual(TOOLS.map(({ name }) => name));
    const health = await client.call("check_health");
    expect(health.structuredContent).toMatchObject({ ok: false, headline: expect.stringContaining("worker") });
    expect((await client.call("get_strategy", { strategy: stack.strategy })).isError).not.toBe(true);
    expect((await client.call("list_market_data")).isError).not.toBe(true);
    const traversal = { model: "../../../../etc/passwd", start_date: "2001-01-01", end_date: "2002-01-01" };
    expect(textOf(await client.call("run_backtest", traversal))).toMatch(/^\[\w+ -32602\]/);
  });

  test("SIGTERM: who waits for a job is answered with its state, the log is kept, exit code 0", async () => {
    const server = await serve();
    const client = await connect(line, server);
    const { structuredContent } = await client.call("train_model", wish(line));
    const taskId = String(structuredContent?.["task_id"]);
    const waits = Promise.withResolvers<void>();
    const onprogress = () => waits.resolve();
    const answer = client.call("get_task_status", { task_id: taskId, wait_seconds: 45 }, { onprogress });
    await Promise.race([waits.promise, answer]);
    server.kill("SIGTERM");
    expect((await answer).structuredContent).toMatchObject({ task_id: taskId, final: false });
    expect(await server.ended).toBe(0);
    const { executions, close } = executionLog();
    const logged = await executions.recent({ taskId });
    await close();
    expect(logged.map(({ tool, errorCode }) => `${tool} ${errorCode}`).toSorted()).toEqual([
      "get_task_status null",
      "train_model null",
    ]);
  });

  test("kill -9 in the middle of a wait: another replica answers for the same job", async () => {
    const [doomed, other] = await Promise.all([serve(), serve()]);
    const client = await connect(line, doomed);
    const { structuredContent } = await client.call("train_model", wish(line));
    const taskId = String(structuredContent?.["task_id"]);
    const waits = Promise.withResolvers<void>();
    const onprogress = () => waits.resolve();
    // This call waits until its client is closed, or is answered when the job's state changes.
    const answer = client.call("get_task_status", { task_id: taskId, wait_seconds: 45 }, { onprogress });
    await Promise.race([waits.promise, answer.catch(() => undefined)]);
    doomed.kill("SIGKILL");
    expect(await doomed.ended).toBe("SIGKILL");
    const status = await (await connect(line, other)).call("get_task_status", { task_id: taskId });
    expect(status.structuredContent).toMatchObject({ task_id: taskId, final: false });
  });
});

test("a job is cancelled by whoever started it, or by an operator", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-owner-"));
  const tokensFile = path.join(folder, "tokens.json");
  const expires = "2099-01-01T00:00:00.000Z";
  const tokens = [
    await addToken(tokensFile, { name: "ada", scope: "research", expires }),
    await addToken(tokensFile, { name: "bob", scope: "research", expires }),
    await addToken(tokensFile, { name: "chief", scope: "operate", expires }),
  ];
  const server = await startHttpProcess({ ...stack.env, MCP_TOKENS_FILE: tokensFile });
  running.push(server);
  const connected = await Promise.all(tokens.map((token) => connectHttp("modern", server.url, token)));
  clients.push(...connected);
  const [ada, bob, chief] = [connected[0]!, connected[1]!, connected[2]!];
  const start = async (end_date: string) => {
    const { structuredContent } = await ada.call("train_model", { ...wish("modern"), end_date });
    return String(structuredContent?.["task_id"]);
  };
  const cancel = (client: HttpClient, task_id: string) =>
    client.call("cancel_task", { task_id, reason: "no longer wanted" });
  const requested = async (taskId: string) => {
    const { raw } = await stack.temporal().client.workflow.getHandle(taskId).describe();
    return raw.workflowExtendedInfo?.cancelRequested ?? false;
  };
  const [first, second] = [await start("2013-01-31"), await start("2013-02-28")];
  expect(textOf(await cancel(bob, first))).toMatch(/^\[forbidden -32602\].*started by somebody else/);
  expect(await requested(first)).toBe(false);
  expect((await cancel(ada, first)).isError).not.toBe(true);
  expect((await cancel(chief, second)).isError).not.toBe(true);
  expect([await requested(first), await requested(second)]).toEqual([true, true]);
  expect(textOf(await cancel(bob, "train-unknown-00000000"))).toContain("[task_not_found");
  await rm(folder, { recursive: true });
});

test("the job and the log say who asked", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-who-"));
  const tokensFile = path.join(folder, "tokens.json");
  const token = await addToken(tokensFile, { name: "ada", scope: "research", expires: "2099-01-01T00:00:00.000Z" });
  const server = await startHttpProcess({ ...stack.env, MCP_TOKENS_FILE: tokensFile });
  running.push(server);
  const client = await connectHttp("modern", server.url, token);
  clients.push(client);
  const { structuredContent } = await client.call("train_model", { ...wish("modern"), end_date: "2012-12-31" });
  const taskId = String(structuredContent?.["task_id"]);
  const job = await stack.temporal().client.workflow.getHandle(taskId).describe();
  expect(job.memo).toMatchObject({ client: "ada" });
  expect(job.searchAttributes).toMatchObject({ KtrdrClient: ["ada"] });
  server.kill("SIGTERM");
  expect(await server.ended).toBe(0);
  const { executions, close } = executionLog();
  expect(await executions.recent({ taskId })).toMatchObject([
    { clientName: "http-test", identity: { name: "ada", source: "token" } },
  ]);
  await close();
  await rm(folder, { recursive: true });
});

test("/ready names what is missing, and answers 503 while something is", async () => {
  const server = await serve();
  const answer = await fetch(`http://127.0.0.1:${server.port}/ready`);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toEqual({
    ready: false,
    parts: { temporal: "up", postgresql: "up", ktrdr: "up", worker: "down" },
    missing: ["worker"],
  });
});

test.each([
  ["temporal", "TEMPORAL_ADDRESS"],
  ["postgresql", "DATABASE_URL"],
  ["ktrdr", "KTRDR_API_URL"],
])("/ready says that %s is down when that part is", async (part, variable) => {
  const { [variable]: nobody = "" } = await deadEnvironment();
  const server = await serve({ [variable]: nobody });
  const answer = (await (await fetch(`http://127.0.0.1:${server.port}/ready`)).json()) as { missing: string[] };
  // Only Temporal knows whether a worker polls it, so without Temporal the worker is missing, too.
  expect(answer.missing).toEqual([part, "worker"]);
});
