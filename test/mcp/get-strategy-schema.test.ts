import { afterAll, beforeAll, expect, test } from "vitest";
import { EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { GUIDE_SECTIONS } from "../../src/domain/strategy/guide.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ ktrdr: true });
});
afterAll(async () => {
  await stack.stop();
});

test("answers with the grammar and names the other sections", async () => {
  const answer = await stack.ask("get_strategy_schema");
  expect(answer).toMatchObject({ section: "grammar", text: expect.stringContaining("nn_inputs") });
  expect(answer["other_sections"]).toEqual(GUIDE_SECTIONS.filter((section) => section !== "grammar"));
});

test.each(GUIDE_SECTIONS)("%s is short enough to be read", async (section) => {
  expect(JSON.stringify(await stack.ask("get_strategy_schema", { section })).length / 4).toBeLessThan(1_500);
});

test("the example passes validate_strategy exactly as it is handed out", async () => {
  const { text } = await stack.ask("get_strategy_schema", { section: "example" });
  expect(text).toBe(EXAMPLE_STRATEGY);
  const dates = { start_date: "2000-01-03", end_date: "2014-12-31" };
  const verdict = await stack.ask("validate_strategy", { yaml: text, ...dates });
  expect(verdict).toMatchObject({ valid: true, errors: [], warnings: [] });
});
