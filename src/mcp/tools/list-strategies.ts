import { z } from "zod";
import { asksForMade } from "../../domain/campaign/made-names.ts";
import { DomainError, isDomainError } from "../../domain/errors.ts";
import { oneLine } from "../../domain/plain-text.ts";
import { compact } from "../../domain/facts.ts";
import { defineTool, type ToolContext } from "../define-tool.ts";

const SHORT = 120;
/** Campaigns that are named with what was left out of them. */
const SHOWN_CAMPAIGNS = 5;

export const listStrategies = defineTool({
  name: "list_strategies",
  title: "List strategies",
  description: `The saved strategies, newest first: name, market, description, and whether the text is free of errors. Look here before creating another one with the same idea. Those that campaigns made need contains.

Example: {"contains": "spx", "limit": 10}`,
  input: z.strictObject({
    contains: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe("Only names with this text in them; or a campaign's task_id."),
    limit: z.number().int().min(1).max(50).default(20).describe("Rows at most."),
  }),
  output: z.object({
    strategies: z.array(z.looseObject({ strategy: z.string() })),
    more: z.boolean(),
    left_out: z.string().optional(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  quotes: true,
  async handle({ contains, limit }, context) {
    const wanted = contains?.toLowerCase() ?? "";
    await context.deps.strategies.notice();
    const [all, made] = await Promise.all([context.deps.strategies.list(), madeByCampaigns(context)]);
    const named = all.filter(({ name }) => name.toLowerCase().includes(wanted));
    const own = named.filter(({ name }) => !made.has(name));
    const asked = all.filter(({ name }) => {
      const campaignId = made.get(name);
      return campaignId !== undefined && wanted !== "" && asksForMade(wanted, { name, campaignId });
    });
    const hidden = named.filter((entry) => made.has(entry.name) && !asked.includes(entry));
    const found = [...own, ...asked].toSorted(
      (a, b) => b.modifiedAt.localeCompare(a.modifiedAt) || a.name.localeCompare(b.name),
    );
    const strategies = await Promise.all(found.slice(0, limit).map((entry) => row(entry, context)));
    return {
      strategies,
      more: found.length > limit,
      ...compact({ left_out: leftOut(hidden.map(({ name }) => made.get(name) ?? "")) }),
    };
  },
});

interface Entry {
  readonly name: string;
  readonly modifiedAt: string;
}

/** The campaign of each strategy that one made; none while the record does not tell. */
async function madeByCampaigns({ deps }: ToolContext): Promise<ReadonlyMap<string, string>> {
  return await deps.records.campaigns.madeStrategies().catch((error: unknown) => {
    if (isDomainError(error, "database_unavailable")) return new Map<string, string>();
    throw error;
  });
}

/** How many points of which campaigns are not shown, those with the most first; null for none. */
function leftOut(campaigns: readonly string[]): string | null {
  if (campaigns.length === 0) return null;
  const counted = [...Map.groupBy(campaigns, (id) => id)]
    .map(([id, of]) => ({ id, count: of.length }))
    .toSorted((a, b) => b.count - a.count || a.id.localeCompare(b.id));
  const named = counted.slice(0, SHOWN_CAMPAIGNS).map(({ id, count }) => `${count} of ${id}`);
  const others = counted.length - named.length;
  const rest = others === 0 ? "" : ` and of ${others} more`;
  return `Strategies that campaigns made: ${named.join(", ")}${rest}; contains with such a task_id shows them.`;
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
