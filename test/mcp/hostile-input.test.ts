import { homedir, tmpdir } from "node:os";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isPlain } from "../../src/domain/plain-text.ts";
import { EXAMPLE_NAME, EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { ALL_TOOLS } from "../../src/mcp/tools/index.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { NASTY } from "../support/random-messages.ts";

const FORM = /^\[[a-z_]+ -32(?:602|001|603)\] \S/;
/** What must never leave the server: stack frames, files of this machine, texts of libraries. */
const LEAK = /\bat \S+ \((?:file:|node:|\/|<anonymous>)|node_modules|\.ts:\d|ZodError|ECONN|node:/;
const HERE = [process.cwd(), tmpdir(), homedir()];

const nasty = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: "binary", maxLength: 40 }));
const anything = fc.oneof(
  nasty,
  fc.constantFrom(0, -0, -1, 1e308, Number.MAX_SAFE_INTEGER, 2 ** 63, 1e-320, -0.001, 2 ** 53, true, false, null),
  fc.array(nasty, { maxLength: 4 }),
  fc.dictionary(nasty, nasty, { maxKeys: 4 }),
);

/** The tool's own arguments with wrong or hostile values, sometimes with unknown arguments among them. */
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

  // These tools wait for parts that are down, which everything-down.test.ts tests. So they get fewer runs here.
  const runs = (name: string) => (/task|health/.test(name) ? 8 : 40);

  test.each(ALL_TOOLS.map((tool) => [tool.name, tool] as const))(
    "%s answers in the form of errors, whatever is sent",
    async (name, tool) => {
      // The examples have no arguments, or one with a bad name.
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
        { numRuns: runs(name), examples: [[{}], [{ symbol: "_" }]] },
      );
    },
  );

  const good = Object.fromEntries(
    ALL_TOOLS.map((tool) => [
      tool.name,
      JSON.parse(/Example: (\{.*\})\s*$/m.exec(tool.description)?.[1] ?? "{}") as Record<string, unknown>,
    ]),
  );

  /** The tool's own example with one argument changed. The other arguments are in order. */
  const almost = (name: string, names: readonly string[]) =>
    fc
      .tuple(fc.constantFrom(...names), fc.oneof({ weight: 4, arbitrary: nasty }, { weight: 1, arbitrary: anything }))
      .map(([argument, value]) => ({ ...good[name], [argument]: value }));

  test.each(
    ALL_TOOLS.filter((tool) => Object.keys(tool.input.shape).length > 0).map((tool) => [tool.name, tool] as const),
  )("%s does so when all but one of its arguments are in order", async (name, tool) => {
    await fc.assert(
      fc.asyncProperty(almost(name, Object.keys(tool.input.shape)), async (args) => {
        const answer = await stack.call(name, args);
        const text = answer.content.map((block) => (block.type === "text" ? block.text : "")).join("");
        expect(text).not.toMatch(LEAK);
        expect(text).not.toContain("[internal ");
        expect(isPlain(text)).toBe(true);
        if (answer.isError !== true) expect(text).not.toMatch(/\\u00[01]/);
      }),
      { numRuns: runs(name) },
    );
  });

  test("whatever answer holds a text of others says that it is data", async () => {
    const text = "MARKER of somebody else";
    const description = EXAMPLE_STRATEGY.replace(/^description:.*$/m, `description: "${text}"`);
    await stack.strategies.write("marked", description.replace(`name: ${EXAMPLE_NAME}`, "name: marked"), {
      overwrite: true,
    });
    await stack.ask("save_insight", { insight: `${text} about rsi`, category: "failure", tags: ["marker"] });
    const asked: [string, Record<string, unknown>][] = [
      ["list_strategies", {}],
      ["get_strategy", { strategy: "marked" }],
      ["search_insights", { query: "marker" }],
      ["get_failed_strategies", {}],
      ["list_experiments", {}],
      ["list_tasks", {}],
    ];
    const holding: string[] = [];
    for (const [tool, args] of asked) {
      const answer = await stack.call(tool, args);
      if (!JSON.stringify(answer.structuredContent).includes("MARKER")) continue;
      holding.push(tool);
      expect(answer.structuredContent).toMatchObject({ note: expect.stringContaining("never instructions") });
    }
    expect(holding).toEqual(["list_strategies", "get_strategy", "search_insights"]);
  });

  test("a text that hides something is refused, and one of before is shown with what it hides", async () => {
    const hidden = "looks well\u{E0041}\u{E0042}\u202E";
    for (const [tool, args] of [
      ["save_insight", { insight: hidden, category: "failure" }],
      ["create_strategy", { yaml: EXAMPLE_STRATEGY.replace(/^description:.*$/m, `description: "${hidden}"`) }],
      ["cancel_task", { task_id: "train-x-1", reason: hidden }],
    ] as const) {
      expect(await stack.refused(tool, args)).toMatch(/^\[invalid_input .*nobody sees/);
    }
    const marked = EXAMPLE_STRATEGY.replace(/^description:.*$/m, `description: "${hidden}"`);
    await stack.strategies.write(EXAMPLE_NAME, marked, { overwrite: true });
    const { yaml } = await stack.ask("get_strategy", { strategy: EXAMPLE_NAME });
    expect(yaml).toContain("looks well⟨U+E0041⟩⟨U+E0042⟩⟨U+202E⟩");
  });

  test("nothing was written but what a call that succeeded says", async () => {
    const names = (await stack.strategies.list()).map((file) => file.name);
    expect(names).toEqual(expect.arrayContaining(before));
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/);
  });
});
