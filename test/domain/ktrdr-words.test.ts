import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { inWords } from "../../src/domain/ktrdr-words.ts";

const FIGURES = new URL("../fixtures/ktrdr-real/class-weights.json", import.meta.url);
const cases = JSON.parse(readFileSync(FIGURES, "utf8")) as { case: string; loss: string; error?: string }[];
const failed = cases.flatMap(({ case: name, loss, error }) =>
  error === undefined ? [] : [[name, loss, error] as const],
);

test.each(failed)("what the real KTRDR says has a meaning: %s, %s", (_name, _loss, error) => {
  expect(inWords(error)).toMatch(new RegExp(String.raw`\(.*(?:class|bar).*\)$`));
});

test("a source that cannot be reached is told as that, with the tool that names it", () => {
  const told = inWords("[Errno -2] Name or service not known");
  expect(told).toContain("[Errno -2] Name or service not known (");
  expect(told).toContain("context_data");
  expect(told).toContain("validate_strategy");
});

test("other words stay as they are", () => {
  expect(inWords("No data found in cache for NOPE 1h")).toBe("No data found in cache for NOPE 1h");
  expect(inWords(null)).toBeNull();
});
