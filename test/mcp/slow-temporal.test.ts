/** Eight calls at once to a Temporal that runs, over a wire that takes seconds or lets nothing through for now. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { TRAINING } from "../support/job-inputs.ts";
import { connectServer, textOf } from "../support/mcp.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { Proxy, type WireMode } from "../support/proxy.ts";

let stack: Stack;
let taskId: string;
beforeAll(async () => {
  stack = await startStack({ temporal: true });
  taskId = (await stack.deps.jobs.start(TRAINING, { forceReason: null, client: "test" })).jobId;
});
afterAll(() => stack?.stop());

const CALLS = (task_id: string): [string, Record<string, unknown>][] => [
  ["get_task_status", { task_id }],
  ["get_task_status", { task_id, wait_seconds: 1 }],
  ["list_tasks", {}],
  ["list_tasks", { kind: "training" }],
  ["cancel_task", { task_id, reason: "a test" }],
  ["get_results", { task_id }],
  ["check_health", {}],
  ["load_market_data", { symbol: "SPX", timeframe: "1d", mode: "tail" }],
];

const SLOW: [string, WireMode, boolean][] = [
  ["every piece comes four seconds late, on a connection that stands", { kind: "delay", ms: 4_000 }, true],
  ["every piece comes four seconds late, from the first greeting on", { kind: "delay", ms: 4_000 }, false],
  ["nothing gets through for now", { kind: "drop" }, true],
];

test.each(SLOW)("%s: answers, or to wait; nobody is told to start it", async (_what, mode, stands) => {
  const proxy = await Proxy.listen();
  const [host = "", port] = stack.temporal().address.split(":");
  proxy.target = { host, port: Number(port) };
  const client = await connectServer("modern", { ...stack.env, TEMPORAL_ADDRESS: `127.0.0.1:${proxy.port}` });
  try {
    if (stands) expect(await client.call("list_tasks")).not.toHaveProperty("isError", true);
    proxy.mode = mode;
    const answers = await Promise.all(CALLS(taskId).map(async ([tool, args]) => await client.call(tool, args)));
    for (const [at, answer] of answers.entries()) {
      const said = wordsOf(answer);
      expect(said, CALLS(taskId)[at]?.[0]).not.toMatch(/[Ss]tart it\b|make lab|does not answer\./);
      if (answer.isError === true) expect(said).toMatch(/[Ww]ait|repeat/);
    }
    proxy.mode = { kind: "pass" };
    await expect.poll(async () => (await client.call("list_tasks")).isError ?? false).toBe(false);
  } finally {
    await client.close();
    await proxy.close();
  }
});

/** What an answer says of Temporal. The stack lacks some of the other parts, so they are left out. */
function wordsOf(answer: CallToolResult): string {
  const { parts } = (answer.structuredContent ?? {}) as { parts?: { part: string }[] };
  return parts === undefined ? textOf(answer) : JSON.stringify(parts.filter(({ part }) => part === "temporal"));
}
