import { describe, expect, test } from "vitest";
import { z } from "zod";
import { configurationDocument } from "../../scripts/configuration-doc.ts";
import { table } from "../../scripts/markdown.ts";
import { toolsDocument } from "../../scripts/tools-doc.ts";
import { ConfigSchema } from "../../src/config.ts";
import { defineTool } from "../../src/mcp/define-tool.ts";

describe("docs/configuration.md", () => {
  const document = configurationDocument(ConfigSchema);

  test("has a described row for every setting", () => {
    for (const [name, schema] of Object.entries(ConfigSchema.shape)) {
      expect(document).toContain(`| \`${name}\` |`);
      expect(schema.meta()?.["description"] ?? schema.description ?? "").not.toBe("");
    }
  });

  test("shows kinds, limits, defaults and what is secret", () => {
    const schema = z.object({
      LEVEL: z.enum(["low", "high"]).default("low").describe("How | much"),
      COUNT: z.coerce.number().int().positive().default(3).describe("Times"),
      PASSWORD: z.string().optional().meta({ secret: true }).describe("Key"),
    });
    const rows = configurationDocument(schema).split("\n");
    expect(rows).toContain('| `LEVEL` | `"low"` or `"high"` | `low` | How \\| much |');
    expect(rows).toContain("| `COUNT` | integer, above 0 | `3` | Times |");
    expect(rows.find((row) => row.includes("PASSWORD"))).toContain("(never logged)");
  });
});

describe("docs/tools.md", () => {
  const document = toolsDocument([
    defineTool({
      name: "boil_egg",
      title: "Boil an egg",
      description: "Boils it.",
      input: z.strictObject({
        minutes: z.number().int().min(3).max(10).default(5).describe("How long."),
        colour: z.enum(["brown", "white"]).describe("Which."),
        names: z.array(z.string()).optional().describe("Whose."),
      }),
      output: z.object({ egg: z.string(), left: z.number() }),
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
      handle: ({ minutes }) => Promise.resolve({ egg: `${minutes}`, left: 0 }),
    }),
  ]);

  test("shows arguments with limits and defaults, annotations, and the fields of the answer", () => {
    expect(document).toContain("| [`boil_egg`](#boil_egg) | Boil an egg |");
    expect(document).toContain("| `minutes` | integer 3..10 | `5` | How long. |");
    expect(document).toContain('| `colour` | `"brown"` or `"white"` | required | Which. |');
    expect(document).toContain("| `names` | list of text | optional | Whose. |");
    expect(document).toContain("**Boil an egg.** Adds something; repeating it is harmless.");
    expect(document).toContain("Answers with: `egg`, `left`.");
  });
});

test("cells cannot break a table", () => {
  expect(table(["a"], [["one | two\n  three"]]).split("\n")).toEqual(["| a |", "|---|", "| one \\| two three |"]);
});
