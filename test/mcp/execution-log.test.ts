import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { DomainError } from "../../src/domain/errors.ts";
import { createLogger } from "../../src/logger.ts";
import { createExecutionQueue } from "../../src/mcp/execution-log.ts";
import type { ToolExecution } from "../../src/store/execution-log.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

const log = createLogger("test", "silent");
const entry = (tool: string): ToolExecution => ({
  id: randomUUID(),
  at: "2026-01-01T00:00:00.000Z",
  tool,
  arguments: {},
  errorCode: null,
  durationMs: 1,
  clientName: "c",
  clientVersion: "1",
  identity: { name: "c", source: "local" },
  taskId: null,
});

/** Runs Node's garbage collector now. */
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

describe("the queue before the log", () => {
  test("writes everything, in order", async () => {
    const written: string[] = [];
    const queue = createExecutionQueue(
      { append: async (entries) => void written.push(...entries.map((one) => one.tool)) },
      log,
    );
    const tools = Array.from({ length: 120 }, (_, index) => `t${index}`);
    for (const tool of tools) queue.record(entry(tool));
    await queue.flush(1_000);
    expect(written).toEqual(tools);
    expect(queue.dropped).toBe(0);
  });

  test("is left for a moment, so that calls one after the other are written together", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const written = Promise.withResolvers<number>();
    const queue = createExecutionQueue({ append: async ({ length }) => written.resolve(length) }, log);
    for (const tool of ["a", "b", "c"]) {
      queue.record(entry(tool));
      await setImmediate();
    }
    vi.runAllTimers();
    expect(await written.promise).toBe(3);
    await queue.flush(1_000);
    expect(queue.dropped).toBe(0);
  });

  test("keeps one refusal a second of a client that calls too often, and every call of the others", async () => {
    const written: ToolExecution[] = [];
    const queue = createExecutionQueue({ append: async (entries) => void written.push(...entries) }, log, 10);
    queue.record(entry("list_tasks"));
    for (let call = 0; call < 1_000; call += 1) queue.record({ ...entry("list_tasks"), errorCode: "rate_limited" });
    const modest = { name: "modest", source: "token" } as const;
    queue.record({ ...entry("list_tasks"), errorCode: "rate_limited", identity: modest });
    queue.record({ ...entry("get_strategy"), errorCode: "strategy_not_found" });
    queue.record({ ...entry("get_strategy"), errorCode: "strategy_not_found" });
    await queue.flush(1_000);
    expect(queue.dropped).toBe(0);
    expect(written.map(({ errorCode, identity }) => [identity?.name, errorCode])).toEqual([
      ["c", null],
      ["c", "rate_limited"],
      ["modest", "rate_limited"],
      ["c", "strategy_not_found"],
      ["c", "strategy_not_found"],
    ]);
  });

  test("while the database is down the oldest are given up and counted", async () => {
    const down = new DomainError("database_unavailable", { what: "Down." });
    const queue = createExecutionQueue({ append: () => Promise.reject(down) }, log, 3);
    for (const tool of ["a", "b", "c", "d", "e"]) queue.record(entry(tool));
    expect(queue.dropped).toBe(2);
    await queue.flush(1_000);
    expect(queue.dropped).toBe(5);
  });

  test("one entry that cannot be written is dropped and counted, and holds up none of the others", async () => {
    const written: string[] = [];
    const append = async (entries: readonly ToolExecution[]) => {
      if (entries.some((one) => one.tool === "poison")) throw new RangeError("Maximum call stack size exceeded");
      written.push(...entries.map((one) => one.tool));
    };
    const queue = createExecutionQueue({ append }, log);
    for (const tool of ["poison", "a", "poison", "b"]) queue.record(entry(tool));
    await queue.flush(1_000);
    expect(written).toEqual(["a", "b"]);
    expect(queue.dropped).toBe(2);
  });

  test("whatever an entry holds, recording it throws nothing, and what can be kept of it is", async () => {
    const written: ToolExecution[] = [];
    const queue = createExecutionQueue({ append: async (entries) => void written.push(...entries) }, log);
    let deep: unknown = {};
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    for (const given of [deep, loop, 1n, () => 0]) queue.record({ ...entry("odd"), arguments: given });
    await queue.flush(1_000);
    expect(written.map((one) => one.arguments)).toEqual(written.map(() => ({ truncated: true, unreadable: true })));
    expect(written).toHaveLength(4);
  });

  test("keeps no more of large arguments than the log does, so that a flood fits into memory", async () => {
    const lists = { a: Array.from({ length: 100_000 }, () => []) };
    const queue = createExecutionQueue({ append: () => new Promise<void>(() => undefined) }, log);
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let call = 0; call < 100; call += 1) queue.record({ ...entry("flood"), arguments: structuredClone(lists) });
    // If the queue kept the arguments as objects, they would take some hundred megabytes.
    await vi.waitFor(
      () => {
        collect();
        expect(process.memoryUsage().heapUsed - before).toBeLessThan(100e6);
      },
      { timeout: 120_000 },
    );
    await queue.flush(10);
    expect(queue.dropped).toBe(100);
  });

  test("a database that hangs holds neither the caller nor the shutdown", async () => {
    const queue = createExecutionQueue({ append: () => new Promise<void>(() => undefined) }, log);
    queue.record(entry("a"));
    await queue.flush(10);
    expect(queue.dropped).toBe(1);
  });
});

describe("the log of calls", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(async () => {
    await stack.stop();
  });

  test("holds a call however deep its arguments are, and the calls after it", async () => {
    const store = await stack.logged();
    const deep = JSON.parse("[".repeat(3_500) + "]".repeat(3_500)) as unknown;
    await store.append([
      { ...entry("deep"), id: randomUUID(), at: new Date().toISOString(), arguments: { deep } },
      { ...entry("next"), id: randomUUID(), at: new Date().toISOString() },
    ]);
    expect((await store.recent({ limit: 2 })).map(({ tool }) => tool).toSorted()).toEqual(["deep", "next"]);
  });

  test("holds every call: tool, arguments, outcome, error, client and task", async () => {
    await stack.ask("list_models", { limit: 3 });
    await stack.refused("get_results", { task_id: "train-x-1", detail: "everything" });
    const [failed, good] = await (await stack.logged()).recent();
    expect(good).toMatchObject({
      tool: "list_models",
      arguments: { limit: 3 },
      errorCode: null,
      clientName: "stack-test",
      clientVersion: "1.2.3",
      taskId: null,
    });
    expect(failed).toMatchObject({ tool: "get_results", errorCode: "invalid_input", taskId: "train-x-1" });
    expect(failed?.durationMs).toBeGreaterThanOrEqual(0);
  });
});
