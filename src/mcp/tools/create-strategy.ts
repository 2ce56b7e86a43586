import { z } from "zod";
import { DomainError, isDomainError } from "../../domain/errors.ts";
import { firstMarket } from "../../domain/strategy/market.ts";
import { NameSchema } from "../../domain/strategy/schema.ts";
import type { StrategyFile } from "../../strategies/strategy-folder.ts";
import { clear, type Will } from "../../research/strategies/clearance.ts";
import { defineTool, type ToolContext } from "../define-tool.ts";
import { changeReason, experimentId, insisting, replacedSha256, strategyText } from "../fields.ts";
import { remindersOf } from "../../research/memory/reminders.ts";
import { assertReplaces, saveStrategies } from "../../research/strategies/save-strategies.ts";
import { reportStrategy, subjectOf, type StrategyReport } from "../../research/strategies/strategy-check.ts";
import { reportFacts } from "../strategy-facts.ts";

export const createStrategy = defineTool({
  name: "create_strategy",
  title: "Create a strategy",
  description: `Checks a strategy and saves it where KTRDR finds it, as <name>.yaml with the name inside the text. A strategy with errors is saved only for an insist_reason; warnings do not hinder.

Before: get_strategy_schema, calculate_indicators for fuzzy limits. After: train_model.

To replace a strategy give overwrite true and replaces_sha256, the sha256 that get_strategy or this tool told. Earlier texts stay. A new idea takes a new name; for variations of a saved strategy mutate_strategy is shorter. "reminders" are notes and failures of earlier research on similar strategies.

YAML only: no tags, anchors or aliases.

Example: {"yaml": "name: spx_dip\\ndescription: ...\\n..."}`,
  input: z.strictObject({
    yaml: strategyText.describe("The whole strategy."),
    overwrite: z.boolean().default(false).describe("Replace a strategy of that name."),
    replaces_sha256: replacedSha256.describe("With overwrite: sha256 of the text that is replaced."),
    reason: changeReason,
    experiment_id: experimentId.optional().describe("The experiment it is made for."),
    ...insisting,
  }),
  output: z.object({
    strategy: z.string(),
    sha256: z.string(),
    change: z.enum(["created", "replaced", "unchanged"]),
    version: z.string().nullable(),
    warnings: z.array(z.looseObject({ what: z.string(), fix: z.string() })),
    checked_on: z.string(),
    summary: z.looseObject({}).nullable(),
    reminders: z.array(z.string()),
    next: z.string(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  quotes: true,
  async handle({ yaml, overwrite, replaces_sha256: expected, ...why }, context) {
    const judged = await reportStrategy(context.deps, { text: yaml }, context.signal);
    const name = cleared(judged, why);
    const known = await existing(name, context);
    const same = known?.text === yaml;
    if (known !== null && !same) checkReplacement(known, overwrite, expected);
    const [saved, reminders] = await Promise.all([
      saveStrategies([{ name, text: yaml, replaces: known?.sha256 ?? null }], why, context),
      same ? [] : remindersOf(context.deps, { name, text: yaml, ...marketIn(judged) }),
    ]);
    const { warnings, checked_on, summary } = reportFacts(judged);
    return {
      strategy: name,
      sha256: saved.files[0]?.sha256 ?? "",
      version: saved.version,
      change: same ? ("unchanged" as const) : known === null ? ("created" as const) : ("replaced" as const),
      warnings: [...saved.warnings, ...warnings],
      checked_on,
      summary,
      reminders,
      next: `train_model with {"strategy": "${name}", "start_date": ..., "end_date": ...}; keep the newest bars for run_backtest.`,
    };
  },
});

/**
 * The name to save the strategy under.
 * @throws DomainError `strategy_invalid` for errors that are not insisted on, or for a name that no file can have
 */
function cleared({ summary, findings }: StrategyReport, will: Will): string {
  const { success, data: name = "" } = NameSchema.safeParse(summary?.name);
  clear([subjectOf(success ? name : "of this text", findings, !success)], will);
  return name;
}

const marketIn = ({ summary }: StrategyReport) =>
  (summary === null ? null : firstMarket(summary)) ?? { symbol: null, timeframe: null };

async function existing(name: string, { deps }: ToolContext): Promise<StrategyFile | null> {
  try {
    return await deps.strategies.read(name);
  } catch (error) {
    if (isDomainError(error, "strategy_not_found")) return null;
    throw error;
  }
}

/** @throws DomainError `strategy_exists`, `invalid_input`, `strategy_changed` */
function checkReplacement(known: StrategyFile, overwrite: boolean, expected: string | undefined): void {
  if (!overwrite) {
    throw new DomainError("strategy_exists", {
      what: `There is already another strategy called ${known.name}.`,
      why: `its text has the sha256 ${known.sha256}`,
      next: "use another name, or look at it with get_strategy and repeat with overwrite true and replaces_sha256",
    });
  }
  assertReplaces(known, expected);
}
