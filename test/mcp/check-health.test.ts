import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startStack, type Stack } from "../support/mcp-stack.ts";

describe("check_health", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ temporal: true, ktrdr: true });
  });
  afterAll(async () => {
    await stack.stop();
  });

  test("tells what is up from what is down, each with how to start it, and names the engine", async () => {
    const facts = await stack.ask("check_health");
    expect(facts).toMatchObject({ ok: false, engine: expect.stringMatching(/^sandbox-/) });
    const parts = Object.fromEntries(
      (facts["parts"] as { part: string; up: boolean; start?: string }[]).map((part) => [part.part, part]),
    );
    for (const name of ["temporal", "postgresql", "ktrdr", "strategies_folder"]) {
      expect(parts[name]).toMatchObject({ up: true });
      expect(parts[name]).not.toHaveProperty("start");
    }
    expect(parts["worker"]).toMatchObject({ up: false, start: "bin/ktrdr-mcp worker" });
    expect(parts["ktrdr_workers"]).toMatchObject({ up: false, detail: expect.stringContaining("none is healthy") });
    expect(facts["headline"]).toBe("Down: worker, ktrdr_workers.");
  });
});
