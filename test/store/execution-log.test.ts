import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ARGUMENTS_CAP_BYTES } from "../../src/domain/tool-arguments.ts";
import { createExecutionLog, type ExecutionLog, type ToolExecution } from "../../src/store/execution-log.ts";
import { createPool, type Pool } from "../../src/store/pool.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let pool: Pool;
let log: ExecutionLog;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url);
  log = createExecutionLog(pool);
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

const entry = (changes: Partial<ToolExecution> = {}): ToolExecution => ({
  id: randomUUID(),
  at: "2026-11-22T10:00:00.123Z",
  tool: "train_model",
  arguments: { strategy: "rsi_reversion", repeats: 3 },
  errorCode: null,
  durationMs: 12.5,
  clientName: "claude-code",
  clientVersion: "2.0",
  identity: { name: "ada@login.example.com", source: "oauth" },
  taskId: null,
  ...changes,
});

describe("execution log", () => {
  it("keeps calls as they were, once, newest first", async () => {
    const taskId = randomUUID();
    const older = entry({ taskId });
    const newer = entry({
      taskId,
      at: "2026-11-22T10:00:01.000Z",
      errorCode: "invalid_input",
      clientName: null,
      identity: null,
    });
    await log.append([newer, older]);
    await Promise.all(Array.from({ length: 10 }, () => log.append([older, newer])));
    expect(await log.recent({ taskId })).toEqual([newer, older]);
    expect(await log.recent({ taskId, limit: 1 })).toEqual([newer]);
    expect(await log.recent({ taskId, tool: "run_backtest" })).toEqual([]);
    const { rows } = await pool.query("select outcome from tool_executions where task_id = $1 order by at", [taskId]);
    expect(rows).toEqual([{ outcome: "ok" }, { outcome: "error" }]);
  });

  it("takes nothing at all, and calls without arguments", async () => {
    await log.append([]);
    const taskId = randomUUID();
    await log.append([entry({ taskId, arguments: undefined }), entry({ taskId, arguments: null })]);
    expect((await log.recent({ taskId })).map((one) => one.arguments)).toEqual([{}, {}]);
  });

  it("cuts a flood and says how much there was", async () => {
    const taskId = randomUUID();
    await log.append([entry({ taskId, arguments: { yaml: "é".repeat(ARGUMENTS_CAP_BYTES) } })]);
    const [kept] = await log.recent({ taskId });
    expect(kept!.arguments).toMatchObject({ truncated: true, bytes: 2 * ARGUMENTS_CAP_BYTES + '{"yaml":""}'.length });
    expect(JSON.stringify(kept!.arguments).length).toBeLessThan(ARGUMENTS_CAP_BYTES);
  });

  const logged = async (given: unknown): Promise<unknown> => {
    const taskId = randomUUID();
    await log.append([entry({ taskId, arguments: given })]);
    const [kept] = await log.recent({ taskId });
    return kept!.arguments;
  };

  it("gives arguments back as they came", async () => {
    const sent = fc.dictionary(fc.string(), fc.jsonValue({ stringUnit: "grapheme" }));
    await fc.assert(
      fc.asyncProperty(sent, async (given) => {
        expect(await logged(given)).toEqual(JSON.parse(JSON.stringify(given)));
      }),
      { numRuns: 50 },
    );
  });

  it("takes characters that PostgreSQL cannot hold, in values and in names", async () => {
    expect(await logged({ "a\u0000": ["\ud800x", { b: "\udfff\u0000" }], c: "\\u0000" })).toEqual({
      "a\uFFFD": ["\uFFFDx", { b: "\uFFFD\uFFFD" }],
      c: "\\u0000",
    });
    const sent = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ stringUnit: "binary" }));
    await fc.assert(
      fc.asyncProperty(sent, async (given) => {
        const strings: string[] = [];
        JSON.stringify(await logged(given), (key, value: unknown) => {
          strings.push(key, ...(typeof value === "string" ? [value] : []));
          return value;
        });
        expect(strings.filter((text) => text.includes("\u0000"))).toEqual([]);
      }),
      { numRuns: 50, examples: [[{ "\u0000": "\u0000" }]] },
    );
  });

  it("tells its caller when it cannot write", async () => {
    const wrong = entry({ durationMs: -1 });
    await expect(log.append([entry(), wrong])).rejects.toMatchObject({ code: "internal" });
  });
});
