import { homedir, tmpdir } from "node:os";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TOOLS } from "../../src/mcp/tools/index.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

const FORM = /^\[[a-z_]+ -32(?:602|001|603)\] \S/;
/** What must never leave the server: stack frames, files of this machine, foreign library texts. */
const LEAK = /\bat \S+ \(|node_modules|\.ts:\d|ZodError|ECONN|node:/;
const HERE = [process.cwd(), tmpdir(), homedir()];

const nasty = fc.oneof(
  fc.constantFrom(
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "/etc/passwd",
    "~/.ssh/id_rsa",
    "a\u0000b",
    "\u202Etxt.exe",
    "'; drop table jobs; --",
    "$(reboot)",
    "__proto__",
    "constructor",
    "models/../../x",
    "\uD800",
    "",
    " ",
    "NaN",
    "9999-99-99",
    "-1",
    "x".repeat(100_000),
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
);
const anything = fc.oneof(
  nasty,
  fc.constantFrom(0, -1, 1e308, -0.001, 2 ** 53, true, false, null),
  fc.array(nasty, { maxLength: 4 }),
  fc.dictionary(nasty, nasty, { maxKeys: 4 }),
);

/** Arguments made of the tool's own names with wrong or hostile values, with others mixed in. */
const argumentsOf = (names: readonly string[]) =>
  fc
    .tuple(
      fc.record(Object.fromEntries(names.map((name) => [name, anything])), { requiredKeys: [] }),
      fc.option(fc.dictionary(nasty, anything, { maxKeys: 2 }), { freq: 4, nil: {} }),
    )
    .map(([own, other]) => ({ ...other, ...own }));

describe("hostile input", () => {
  let stack: Stack;
  let before: string[];
  beforeAll(async () => {
    stack = await startStack();
    before = (await stack.strategies.list()).map((file) => file.name);
  });
  afterAll(async () => {
    await stack.stop();
  });

  // Waiting for parts that are down belongs to everything-down.test.ts; here the arguments are at stake.
  const runs = (name: string) => (/task|health/.test(name) ? 8 : 40);

  test.each(TOOLS.map((tool) => [tool.name, tool] as const))(
    "%s answers in the form of errors, whatever is sent",
    async (name, tool) => {
      // With nothing wrong about them, too.
      await fc.assert(
        fc.asyncProperty(argumentsOf(Object.keys(tool.input.shape)), async (args) => {
          const answer = await stack.call(name, args);
          const text = answer.content.map((block) => (block.type === "text" ? block.text : "")).join("");
          expect(text).not.toMatch(LEAK);
          for (const path of HERE) expect(text).not.toContain(`${path}/`);
          if (answer.isError !== true) return;
          expect(text).toMatch(FORM);
          expect(text).not.toMatch(/[\p{Cc}\u2028\u2029\u202E]/u);
          expect(text.length).toBeLessThan(2_000);
          expect(text).not.toContain("[internal ");
        }),
        { numRuns: runs(name), examples: [[{}]] },
      );
    },
    60_000,
  );

  test("nothing was written but what a call that succeeded says", async () => {
    const names = (await stack.strategies.list()).map((file) => file.name);
    expect(names).toEqual(expect.arrayContaining(before));
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/);
  });
});
