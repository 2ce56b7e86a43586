import { afterAll, beforeAll, describe, test } from "vitest";
import { CLIENT_LINES, connectServer, deadEnvironment, textOf, type TestClient } from "../support/mcp.ts";

/** The form that every error has: `[code -32602] what. ... Next: ...`. */
const FORM = /^\[[a-z_]+ -32(?:602|001|603)\] .+ Next: .+[.!?]$/s;

describe.concurrent.each(CLIENT_LINES)("with every part down, %s client", (line) => {
  let client: TestClient;
  beforeAll(async () => {
    client = await connectServer(line, await deadEnvironment());
  });
  afterAll(async () => {
    await client.close();
  });

  test("the server starts, gives its instructions and lists its tools", async ({ expect }) => {
    expect((await client.listTools()).map((tool) => tool.name)).toContain("train_model");
    expect(client.instructions()).toContain("get_task_status");
  });

  test("check_health says of each part that it is down and how to start it", async ({ expect }) => {
    const answer = await client.call("check_health");
    expect(answer.isError).not.toBe(true);
    expect(answer.structuredContent).toMatchObject({ ok: false });
    const { parts } = answer.structuredContent as { parts: { part: string; up: boolean; start?: string }[] };
    expect(parts.map((part) => part.part).toSorted()).toEqual([
      "ktrdr",
      "ktrdr_workers",
      "postgresql",
      "strategies_folder",
      "temporal",
      "worker",
    ]);
    for (const part of parts) expect(part).toMatchObject({ up: false, start: expect.stringMatching(/\w/) });
    expect(JSON.parse(textOf(answer))).toEqual(answer.structuredContent);
  });

  test("get_task_status claims nothing", async ({ expect }) => {
    const answer = await client.call("get_task_status", { task_id: "train-x-000000", wait_seconds: 45 });
    expect(answer.structuredContent).toMatchObject({ state: "unknown", final: false });
  });

  test.for([
    ["train_model", { strategy: "x", start_date: "2000-01-01", end_date: "2010-01-01" }, "folder_unavailable"],
    ["run_backtest", { model: "train-x-1", start_date: "2000-01-01", end_date: "2010-01-01" }, "database_unavailable"],
    ["cancel_task", { task_id: "train-x-1", reason: "because" }, "temporal_unavailable"],
    ["list_models", {}, "database_unavailable"],
    ["list_tasks", {}, "database_unavailable"],
    ["get_results", { task_id: "train-x-1" }, "database_unavailable"],
  ] as const)("%s says what is down", async ([tool, args, code], { expect }) => {
    const answer = await client.call(tool, args);
    expect(answer.isError).toBe(true);
    expect(textOf(answer)).toMatch(FORM);
    expect(textOf(answer)).toContain(`[${code} -32001]`);
  });

  test("an unknown argument is an error that names the valid ones", async ({ expect }) => {
    const answer = await client.call("get_task_status", { task: "x" });
    expect(answer.isError).toBe(true);
    expect(textOf(answer)).toMatch(FORM);
    expect(textOf(answer)).toContain('unknown argument "task"');
    expect(textOf(answer)).toContain("Valid: task_id, wait_seconds?");
  });
});
