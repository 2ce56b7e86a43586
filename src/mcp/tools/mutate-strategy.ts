import { z } from "zod";
import { DomainError } from "../../domain/errors.ts";
import { differences } from "../../domain/strategy/difference.ts";
import { CHANGE_OPS, mutated, type StrategyChange } from "../../domain/strategy/mutate.ts";
import { parseStrategy } from "../../domain/strategy/parse.ts";
import type { NewStrategy } from "../../strategies/strategy-library.ts";
import type { StrategyFile } from "../../strategies/strategy-folder.ts";
import { compact } from "../../domain/facts.ts";
import { clear, type Will } from "../../research/strategies/clearance.ts";
import { defineTool, type ToolContext } from "../define-tool.ts";
import { changeReason, experimentId, insisting, replacedSha256, strategyName } from "../fields.ts";
import { readStrategy } from "../../research/strategies/preflight.ts";
import { assertReplaces, saveStrategies } from "../../research/strategies/save-strategies.ts";
import { reportStrategy, subjectOf } from "../../research/strategies/strategy-check.ts";

const SHOWN_DIFFERENCES = 20;

const changes = z
  .array(
    z.strictObject({
      op: z.enum(CHANGE_OPS),
      target: z.string().min(1).max(200).optional(),
      value: z.json().optional(),
    }),
  )
  .min(1)
  .max(40);

export const mutateStrategy = defineTool({
  name: "mutate_strategy",
  title: "Mutate a strategy",
  description: `Makes strategies out of a saved one by named changes, checked and saved together: all or none. A variation with a name is another strategy; one without replaces the strategy and needs replaces_sha256.

op, target, value:
- add_indicator, replace_indicator: id, {"type": "rsi", "period": 9}; to add also {"fuzzy_sets": {"zone": {"low": [0, 20, 40], ...}}}, which become inputs
- remove_indicator: id; takes its fuzzy sets and inputs along
- set_parameter: id.parameter; set_membership: fuzzy_set.member, its points
- set_architecture, set_labels, set_training: no target, the keys to change
- set, remove: any dotted path, e.g. decisions.confidence_threshold

After: train_model.

Example: {"strategy": "spx_dip", "variations": [{"name": "spx_dip_fast", "changes": [{"op": "set_parameter", "target": "dip.period", "value": 3}]}], "reason": "earlier entries"}`,
  input: z.strictObject({
    strategy: strategyName.describe("What is varied."),
    variations: z
      .array(z.strictObject({ name: strategyName.optional(), changes }))
      .min(1)
      .max(50)
      .describe("What is made; changes in order."),
    replaces_sha256: replacedSha256.describe("For a variation without a name."),
    reason: changeReason,
    experiment_id: experimentId.optional().describe("The experiment they are made for."),
    ...insisting,
  }),
  output: z.object({
    strategies: z.array(z.looseObject({ strategy: z.string(), sha256: z.string() })),
    version: z.string().nullable(),
    warnings: z.array(z.looseObject({ what: z.string() })),
    next: z.string(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle({ strategy, variations, replaces_sha256: expected, ...why }, context) {
    const base = await readStrategy(context.deps, strategy);
    const wanted = variations.map(({ name = base.name, changes: asked }) => ({ name, changes: asked }));
    assertApart(wanted);
    if (wanted.some(({ name }) => name === base.name)) assertReplaces(base, expected);
    const made = await Promise.all(wanted.map(async (one) => await make(base, one, why, context)));
    const { files, version, warnings } = await saveStrategies(
      made.map(({ saved }) => saved),
      why,
      context,
    );
    return {
      strategies: made.map(({ facts }, at) => ({ ...facts, sha256: files[at]?.sha256 ?? "" })),
      version,
      warnings,
      next: "train_model with each of them; get_strategy shows the text and the versions.",
    };
  },
});

interface Wanted {
  readonly name: string;
  readonly changes: readonly StrategyChange[];
}

/** @throws DomainError `invalid_input` */
function assertApart(wanted: readonly Wanted[]): void {
  const names = wanted.map(({ name }) => name);
  const twice = names.find((one, at) => names.indexOf(one) !== at);
  if (twice === undefined) return;
  throw new DomainError("invalid_input", {
    what: `Two variations are called ${twice}.`,
    next: "give each a name of its own",
  });
}

/** @throws DomainError `invalid_input`, `strategy_invalid`, `strategy_exists` */
async function make(base: StrategyFile, { name, changes: asked }: Wanted, will: Will, { deps, signal }: ToolContext) {
  const text = mutated(base.text, asked, name === base.name ? null : name);
  const judged = await reportStrategy(deps, { text, name }, signal);
  const { warnings } = clear([subjectOf(name, judged.findings, judged.summary === null)], will);
  const saved: NewStrategy = {
    name,
    text,
    replaces: name === base.name ? base.sha256 : await sameAs(name, text, deps),
  };
  const [before, after] = [valueOf(base.text), valueOf(text)];
  const diff = differences(before, after);
  return {
    saved,
    facts: {
      strategy: name,
      diff: diff
        .slice(0, SHOWN_DIFFERENCES)
        .map(({ path, before: old, after: young }) => `${path}: ${old ?? "(none)"} -> ${young ?? "(none)"}`),
      ...compact({
        more_differences: diff.length > SHOWN_DIFFERENCES ? diff.length - SHOWN_DIFFERENCES : null,
        warnings: warnings.length === 0 ? null : warnings,
      }),
    },
  };
}

const valueOf = (text: string): unknown => {
  const parsed = parseStrategy(text);
  return parsed.ok ? parsed.text.value : null;
};

/** The sha256 of a strategy with this very text: a repeated call finds its own strategy, which is no clash. */
async function sameAs(name: string, text: string, deps: ToolContext["deps"]): Promise<string | null> {
  const there = await deps.strategies.read(name).catch(() => null);
  return there?.text === text ? there.sha256 : null;
}
