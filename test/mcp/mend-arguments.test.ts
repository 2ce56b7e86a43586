import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { inputError } from "../../src/mcp/input-error.ts";
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
    word: z.enum(["in_sample", "in_range"]).optional(),
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
    ["a text in quotes", { count: '"7"' }, { count: 7 }],
    ["a list that was written twice", { tags: JSON.stringify('["a"]') }, { tags: ["a"] }],
    ["a list as Python writes it", { tags: "['a', 'b']" }, { tags: ["a", "b"] }],
    ["one for a list", { tags: "a", periods: 5 }, { tags: ["a"], periods: [5] }],
    ["one for a list, as text", { periods: "5" }, { periods: [5] }],
    ["an object for a list of them", { deep: { list: { n: "1" } } }, { deep: { list: [{ n: 1 }] } }],
    ["a list of one for one", { name: ["a"], count: [7] }, { name: "a", count: 7 }],
    ["a number for a text", { name: 7 }, { name: "7" }],
    ["nothing for a number", { count: "" }, {}],
    ["a word of a list in another case", { word: "In-Sample" }, { word: "in_sample" }],
    ["a name in another case", { Count: 7, "either-": 1 }, { count: 7, either: 1 }],
    ["a name that says nothing", { count: 7, _meta: {}, random_string: "x", dummy: 1 }, { count: 7 }],
    [
      "an unknown name left empty",
      { count: 7, nothing: "", none: null, empty: [], deep: { no: "", list: [] } },
      { count: 7, deep: { list: [] } },
    ],
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
    ["null inside a list", { tags: ["a", null] }],
    ["what is nested too deeply", { deep: "[".repeat(5_000) + "]".repeat(5_000) }],
    ["a name that JavaScript knows", { count: "constructor" }],
    ["texts with semicolons for a list", { tags: "a; b" }],
    ["a list of two for one", { name: ["a", "b"] }],
    ["a word that might be two", { word: "in" }],
    ["an unknown name that says something", { nothing: "x" }],
    ["two ways of writing a name", { count: 7, Count: 8 }],
  ])("%s is left as it was sent, and refused", (_what, sent) => {
    expect(mendArguments(schema, sent)).toEqual(sent);
    expect(schema.safeParse(mendArguments(schema, sent)).success).toBe(false);
  });
});

describe.each(EXAMPLES)("%s takes its own example", (_name, tool, example) => {
  const taken = (sent: Readonly<Record<string, unknown>>) => tool.input.parse(mendArguments(tool.input, sent));
  const meant = tool.input.parse(example);
  const changed = (change: (value: unknown, name: string) => unknown) =>
    Object.entries(example).flatMap(([name, value]) => {
      const other = change(value, name);
      return other === undefined ? [] : [{ ...example, [name]: other }];
    });
  const DAY = /^\d{4}-\d{2}-\d{2}$/;

  test.each([
    ["one for a list of one", (value) => (Array.isArray(value) && value.length === 1 ? value[0] : undefined)],
    ["a list of one for one", (value) => (Array.isArray(value) ? undefined : [value])],
    ["text within text", (value) => (typeof value === "string" ? undefined : JSON.stringify(JSON.stringify(value)))],
    [
      "as Python writes it",
      (value) => (typeof value === "object" ? JSON.stringify(value).replaceAll('"', "'") : undefined),
    ],
    [
      "days with the time of their beginning",
      (value) => (DAY.test(String(value)) ? `${String(value)}T00:00:00.000Z` : undefined),
    ],
    ["a last day to its end", (value, name) => (name === "end_date" ? `${String(value)} 23:59:59` : undefined)],
  ] as readonly [string, (value: unknown, name: string) => unknown][])("with %s", (_what, change) => {
    for (const sent of changed(change)) expect(taken(sent)).toEqual(meant);
  });

  test("with its names in another case", () => {
    const camel = (name: string) => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const upper = (name: string) => name.toUpperCase();
    const dashed = (name: string) => name.replaceAll("_", "-");
    for (const written of [camel, upper, dashed]) {
      const sent = Object.fromEntries(Object.entries(example).map(([name, value]) => [written(name), value]));
      expect(taken(sent)).toEqual(meant);
    }
  });

  test("with everything else left empty, and what some clients add", () => {
    const names = Object.keys(tool.input.shape).filter((name) => !(name in example));
    for (const nothing of ["", null]) {
      const empty = Object.fromEntries(names.map((name) => [name, nothing]));
      const mended = mendArguments(tool.input, {
        ...empty,
        ...example,
        _meta: { progressToken: 1 },
        random_string: "x",
      });
      // `contains` may be an empty text, which is not mended away.
      const { contains: _, ...rest } = tool.input.parse(mended) as Record<string, unknown>;
      const { contains: __, ...wanted } = meant as Record<string, unknown>;
      expect(rest).toEqual(wanted);
    }
  });

  test("and refuses anything else in words that say what is valid", () => {
    for (const name of Object.keys(tool.input.shape)) {
      for (const value of [{ a: [1] }, [["a"], 2], -1e9, true, "a; b", "2015-01-02T14:30:00Z"]) {
        const args = mendArguments(tool.input, { ...example, [name]: value });
        const { error } = tool.input.safeParse(args);
        if (error === undefined) continue;
        const { why } = inputError(tool.name, tool.input, error, args);
        expect(why).not.toMatch(/Invalid|Too (?:big|small)|expected|undefined|object Object/);
        expect(why?.length).toBeLessThan(600);
      }
    }
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
