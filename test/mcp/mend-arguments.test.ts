import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { mendArguments } from "../../src/mcp/mend-arguments.ts";
import { TOOLS } from "../../src/mcp/tools/index.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

const texted = (args: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );

/** The example that each tool's description gives. */
const EXAMPLES = TOOLS.flatMap((tool) => {
  const line = /Example: (\{.*\})\s*$/m.exec(tool.description)?.[1];
  return line === undefined ? [] : [[tool.name, tool, JSON.parse(line) as Record<string, unknown>] as const];
});

describe("arguments that came as text", () => {
  test.each(EXAMPLES)("%s takes its own example so, as it takes it otherwise", (_name, tool, example) => {
    expect(tool.input.safeParse(example).error).toBeUndefined();
    expect(tool.input.parse(mendArguments(tool.input, texted(example)))).toEqual(tool.input.parse(example));
    const twice = Object.fromEntries(Object.entries(texted(example)).map(([name, text]) => [name, text]));
    expect(mendArguments(tool.input, twice)).toEqual(mendArguments(tool.input, texted(example)));
  });

  test.each(EXAMPLES)("%s takes null for every argument that may be left out", (_name, tool, example) => {
    const empty = Object.fromEntries(Object.keys(tool.input.shape).map((name) => [name, null]));
    const given = { ...empty, ...example };
    expect(tool.input.parse(mendArguments(tool.input, given))).toEqual(tool.input.parse(example));
  });

  const schema = z.strictObject({
    name: z.string().optional(),
    count: z.number().int().min(1).max(10).optional(),
    on: z.boolean().optional(),
    tags: z.array(z.string()).optional(),
    periods: z.array(z.number()).optional(),
    either: z.union([z.string(), z.number()]).optional(),
    number_or_list: z.union([z.number(), z.array(z.number())]).optional(),
    deep: z.strictObject({ list: z.array(z.strictObject({ n: z.number() })) }).optional(),
    choice: z.literal([1, 2]).optional(),
    anything: z.json().optional(),
  });
  test.each([
    ["a whole number", { count: "7" }, { count: 7 }],
    ["a number with a point", { count: "7.0" }, { count: 7 }],
    ["a truth value", { on: "true" }, { on: true }],
    ["a truth value of Python", { on: "False" }, { on: false }],
    ["a list of texts", { tags: '["7", "true"]' }, { tags: ["7", "true"] }],
    ["a list of numbers that are texts", { periods: '["5", "9"]' }, { periods: [5, 9] }],
    ["the elements of a list only", { periods: ["5", 9] }, { periods: [5, 9] }],
    ["one form of several", { number_or_list: "[1, 2]" }, { number_or_list: [1, 2] }],
    ["the other form", { number_or_list: "3" }, { number_or_list: 3 }],
    ["text within text", { deep: '{"list": "[{\\"n\\": \\"1\\"}]"}' }, { deep: { list: [{ n: 1 }] } }],
    ["null as text", { count: "null" }, {}],
    ["None as text", { on: "None" }, {}],
    ["one of some numbers", { choice: "2" }, { choice: 2 }],
  ])("%s is taken for what it spells", (_what, sent, meant) => {
    expect(schema.parse(mendArguments(schema, sent))).toEqual(meant);
  });

  test.each([
    ["a text that spells a number", { name: "7" }],
    ["a text that spells a list", { name: '["a"]' }],
    ["a text where a number would do as well", { either: "7" }],
    ["a text where anything does", { anything: "[1]" }],
    ["a list of texts that spell numbers", { tags: ["7"] }],
  ])("%s stays a text", (_what, sent) => {
    expect(mendArguments(schema, sent)).toEqual(sent);
  });

  test.each([
    ["a word", { count: "many" }],
    ["numbers with commas", { periods: "1,2" }],
    ["a list of something else", { count: "[7]" }],
    ["half a list", { tags: '["a"' }],
    ["a text in quotes", { count: '"7"' }],
    ["null inside a list", { tags: ["a", null] }],
    ["what is nested too deeply", { deep: "[".repeat(5_000) + "]".repeat(5_000) }],
    ["a name that JavaScript knows", { count: "constructor" }],
  ])("%s is left as it was sent, and refused", (_what, sent) => {
    expect(mendArguments(schema, sent)).toEqual(sent);
    expect(schema.safeParse(mendArguments(schema, sent)).success).toBe(false);
  });
});

describe("a session of such a client", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(async () => {
    await stack.stop();
  });

  test("can save and search, and the log has what was meant", async () => {
    const insight = { insight: "a".repeat(40), category: "failure" };
    const sent = { ...insight, tags: '["a"]', importance: "7", task_ids: "[]" };
    await stack.ask("save_insight", sent);
    expect(await stack.ask("search_insights", { tags: '["a"]', limit: "3" })).toMatchObject({
      insights: [{ importance: 7, tags: ["a"] }],
    });
    const [searched, saved] = await (await stack.logged()).recent();
    expect(saved?.arguments).toEqual({ ...insight, tags: ["a"], importance: 7, task_ids: [] });
    expect(searched?.arguments).toEqual({ tags: ["a"], limit: 3 });
  });

  test("is told one reason where one thing is wrong", async () => {
    const text = await stack.refused("save_insight", {
      insight: "what was learnt",
      category: "failure",
      tags: '["a"]',
      importance: "70",
    });
    expect(text).toMatch(/importance/);
    expect(text).toContain("(given 70)");
    expect(text).not.toMatch(/Why:[^.]*tags/);
  });
});
