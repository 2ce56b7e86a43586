import { unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(async () => {
  await stack.stop();
});

test("shows the text with what is needed to replace it", async () => {
  const answer = await stack.ask("get_strategy", { strategy: stack.strategy });
  const { sha256 } = await stack.strategies.read(stack.strategy);
  expect(answer).toMatchObject({ yaml: EXAMPLE_STRATEGY, yaml_cut: false, sha256, valid: true, findings: [] });
  expect(answer["summary"]).toMatchObject({ feature_count: 8, warm_up_bars: 120 });
});

test("says when a text is longer than an answer may be, and what is wrong with it", async () => {
  const long = `# ${"x".repeat(20_000)}\n${EXAMPLE_STRATEGY}`;
  await stack.strategies.write("long_one", long, { overwrite: true });
  const answer = await stack.ask("get_strategy", { strategy: "long_one" });
  expect(answer).toMatchObject({
    yaml_cut: true,
    valid: true,
    findings: [expect.stringContaining("warning: name, line 2")],
  });
  expect((answer["yaml"] as string).length).toBe(12_000);
});

test("names what is there when one is not", async () => {
  const text = await stack.refused("get_strategy", { strategy: "absent" });
  expect(text).toMatch(/^\[strategy_not_found -32602\]/);
  expect(text).toContain(stack.strategy);
  expect(await stack.refused("get_strategy", { strategy: "../x" })).toMatch(/^\[invalid_input -32602\]/);
});

test("shows earlier texts, by version or by the sha256 a job ran, also of a strategy that is gone", async () => {
  const file = path.join(stack.env["KTRDR_STRATEGIES_DIR"] ?? "", "aged.yaml");
  const texts = ["name: aged\n", "name: aged\n# edited by hand\n"] as const;
  for (const text of texts) {
    await writeFile(file, text);
    await stack.ask("get_strategy", { strategy: "aged" });
  }
  const { versions, sha256 } = await stack.ask("get_strategy", { strategy: "aged" });
  const [newest, oldest] = versions as Record<string, string>[];
  expect([newest, oldest]).toMatchObject([
    { change: "changed", by: "outside" },
    { change: "created", by: "outside" },
  ]);
  const shown = async (version: unknown) => (await stack.ask("get_strategy", { strategy: "aged", version }))["yaml"];
  expect(await shown(oldest?.["version"])).toBe(texts[0]);
  expect(await shown(sha256)).toBe(texts[1]);
  expect(await stack.refused("get_strategy", { strategy: "aged", version: "0".repeat(40) })).toContain("no version");
  expect(await stack.refused("get_strategy", { strategy: "aged", version: "newest" })).toContain(
    "copied from an answer",
  );

  await unlink(file);
  const gone = await stack.refused("get_strategy", { strategy: "aged" });
  expect(gone).toMatch(/was removed by outside.*get_strategy with version/s);
  expect(gone).toContain(newest?.["version"]);
  expect(await shown(newest?.["version"])).toBe(texts[1]);
});
