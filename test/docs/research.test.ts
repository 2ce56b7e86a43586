/** Its tool accepts every call that docs/research.md shows. */
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { TOOLS } from "../../src/mcp/tools/index.ts";

const page = await readFile(new URL("../../docs/research.md", import.meta.url), "utf8");
const calls = Array.from(page.matchAll(/^(\w+) (\{[^→]*\})\n→/gm), ([, name = "", args = ""]) => ({ name, args }));

test("there are calls, of one question from its hypothesis to its verdict", () => {
  const names = calls.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(["start_experiment", "start_batch", "conclude_experiment", "save_insight"]),
  );
});

test.each(calls)("$name $args", ({ name, args }) => {
  const tool = TOOLS.find((one) => one.name === name);
  expect(tool?.input.safeParse(JSON.parse(args.replaceAll(/\n\s*/g, " ")))).toMatchObject({ success: true });
});
