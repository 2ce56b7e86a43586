import { z } from "zod";
import { DomainError } from "../../domain/errors.ts";
import { defineTool, type ToolContext } from "../define-tool.ts";
import { isoDate, optionalWindow, strategyName, strategyText } from "../fields.ts";
import { readStrategy } from "../../research/strategies/preflight.ts";
import { reportStrategy, withBars } from "../../research/strategies/strategy-check.ts";
import { reportFacts } from "../strategy-facts.ts";

export const validateStrategy = defineTool({
  name: "validate_strategy",
  title: "Validate a strategy",
  description: `Finds what is wrong with a strategy before anything is computed. Errors: KTRDR fails on it, or computes something else than is written (unknown indicators, ignored parameters, labels without their last class, bad bars), or the network sees the future (looks_ahead). Warnings: taste and doubt.

With start_date and end_date of the planned training, label classes and bad bars are counted on exactly those; without, labels on the oldest 70 %. checked_on says which data was used.

Errors are mended, or insisted on with a reason (insist_reason, accept_look_ahead) where it is saved or started. Next: create_strategy.

Example: {"strategy": "spx_trend", "start_date": "2000-01-03", "end_date": "2014-12-31"}`,
  input: z.strictObject({
    strategy: strategyName.optional().describe("Name of a saved strategy; or give yaml."),
    yaml: strategyText.optional().describe("Text of a strategy that need not be saved."),
    start_date: isoDate.optional().describe("First day of the planned training."),
    end_date: isoDate.optional().describe("Last day of the planned training."),
  }),
  output: z.object({
    valid: z.boolean(),
    errors: z.array(z.looseObject({ what: z.string(), fix: z.string() })),
    warnings: z.array(z.looseObject({ what: z.string(), fix: z.string() })),
    more_findings: z.number(),
    checked_on: z.string(),
    summary: z.looseObject({}).nullable(),
    next: z.string(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle({ strategy, yaml, start_date: start, end_date: end }, context) {
    const window = optionalWindow(start, end);
    const source = await sourceOf(strategy, yaml, context);
    const facts = reportFacts(withBars(await reportStrategy(context.deps, { ...source, window }, context.signal)));
    return { ...facts, next: nextStep(facts.valid, strategy !== undefined) };
  },
});

/** @throws DomainError `invalid_input` unless exactly one of the two is given */
async function sourceOf(strategy: string | undefined, yaml: string | undefined, { deps }: ToolContext) {
  if (strategy !== undefined && yaml === undefined) {
    return await readStrategy(deps, strategy);
  }
  if (yaml !== undefined && strategy === undefined) return { text: yaml };
  throw new DomainError("invalid_input", {
    what: "Give either strategy or yaml.",
    why: strategy === undefined ? "neither is given" : "both are given",
    valid: ["strategy: the name of a saved one", "yaml: a text"],
    next: "repeat the call with one of them",
  });
}

function nextStep(valid: boolean, saved: boolean): string {
  if (!valid)
    return saved
      ? "Mend the errors and save it with create_strategy (overwrite)."
      : "Mend the errors, then create_strategy.";
  return saved ? "train_model with this strategy." : "Save it with create_strategy, then train_model.";
}
