import { z } from "zod";
import { DomainError } from "../../domain/errors.ts";
import { oneLine } from "../../domain/plain-text.ts";
import { compact } from "../../domain/facts.ts";
import { defineTool, type ToolContext } from "../define-tool.ts";

const SHORT = 120;

export const listStrategies = defineTool({
  name: "list_strategies",
  title: "List strategies",
  description: `The saved strategies, newest first: name, market, description, and whether the text is free of errors. Look here before creating another one with the same idea.

Example: {"contains": "spx", "limit": 10}`,
  input: z.strictObject({
    contains: z.string().min(1).max(100).optional().describe("Only names with this text in them."),
    limit: z.number().int().min(1).max(50).default(20).describe("Rows at most."),
  }),
  output: z.object({ strategies: z.array(z.looseObject({ strategy: z.string() })), more: z.boolean() }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  quotes: true,
  async handle({ contains, limit }, context) {
    const wanted = contains?.toLowerCase() ?? "";
    await context.deps.strategies.notice();
    const found = (await context.deps.strategies.list())
      .filter((entry) => entry.name.toLowerCase().includes(wanted))
      .toSorted((a, b) => b.modifiedAt.localeCompare(a.modifiedAt) || a.name.localeCompare(b.name));
    const strategies = await Promise.all(found.slice(0, limit).map((entry) => row(entry, context)));
    return { strategies, more: found.length > limit };
  },
});

interface Entry {
  readonly name: string;
  readonly modifiedAt: string;
}

/** A file that cannot be read becomes a row with its problem; the list goes on. */
async function row({ name, modifiedAt }: Entry, { deps }: ToolContext) {
  try {
    const { text } = await deps.strategies.read(name);
    const { valid, findings, summary } = deps.texts.judge({ name, text });
    const errors = findings.filter((finding) => finding.severity === "error").length;
    return compact({
      strategy: name,
      symbols: summary?.symbols,
      timeframes: summary?.timeframes,
      description: oneLine(summary?.description ?? "", SHORT) || null,
      valid,
      errors: errors === 0 ? null : errors,
      modified_at: modifiedAt,
    }) as { strategy: string };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { strategy: name, valid: false, problem: error.what, modified_at: modifiedAt };
  }
}
