import { z } from "zod";
import { defineTool } from "../define-tool.ts";
import { DomainError } from "../../domain/errors.ts";
import type { StrategyVersion } from "../../strategies/history-log.ts";
import { compact } from "../../domain/facts.ts";
import { strategyName } from "../fields.ts";
import { shortVersion } from "../../research/strategies/save-strategies.ts";
import { readStrategy } from "../../research/strategies/preflight.ts";
import { findingText } from "../../research/strategies/clearance.ts";
import { summaryFacts } from "../strategy-facts.ts";

const SHOWN_CHARS = 12_000;
const SHOWN_FINDINGS = 5;
const SHOWN_VERSIONS = 5;

export const getStrategy = defineTool({
  name: "get_strategy",
  title: "Get a strategy",
  description: `One saved strategy: its yaml text, sha256 (needed to overwrite it), features in the order the network gets them, errors and warnings of the text, shortened, and its newest versions: who changed it, when and why. Earlier texts, also of a strategy that was removed, by version. validate_strategy judges it on real bars.

Example: {"strategy": "spx_trend"}`,
  input: z.strictObject({
    strategy: strategyName.describe("Name as list_strategies shows it."),
    version: z
      .string()
      .regex(/^(?:[0-9a-f]{7,40}|[0-9a-f]{64})$/, "a version is copied from an answer: 7 to 40 hex digits, or a sha256")
      .optional()
      .describe("An earlier one: its id, or the sha256 a job ran."),
  }),
  output: z.object({
    strategy: z.string(),
    sha256: z.string(),
    modified_at: z.string(),
    yaml: z.string(),
    yaml_cut: z.boolean().describe("True: the text is longer than shown."),
    valid: z.boolean(),
    findings: z.array(z.string()),
    summary: z.looseObject({}).nullable(),
    made_by: z.looseObject({ campaign: z.string() }).optional().describe("Which point of which campaign it is."),
    versions: z.array(z.looseObject({ version: z.string() })),
    versions_more: z.number(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  quotes: true,
  async handle({ strategy, version }, { deps }) {
    await deps.strategies.notice([strategy]);
    const [versions, made] = await Promise.all([
      deps.strategies.versions(strategy).catch(() => []),
      deps.records.campaigns.pointOf(strategy).catch(() => null),
    ]);
    const file =
      version === undefined
        ? await readStrategy(deps, strategy).catch((error: unknown) => {
            throw removed(strategy, versions) ?? error;
          })
        : await deps.strategies.readVersion(strategy, version);
    const { valid, findings, summary } = deps.texts.judge(file);
    return {
      strategy: file.name,
      sha256: file.sha256,
      modified_at: file.modifiedAt,
      yaml: file.text.slice(0, SHOWN_CHARS).toWellFormed(),
      yaml_cut: file.text.length > SHOWN_CHARS,
      valid,
      findings: findings.slice(0, SHOWN_FINDINGS).map((finding) => `${finding.severity}: ${findingText(finding)}`),
      summary: summary === null ? null : summaryFacts(summary),
      ...(made === null ? {} : { made_by: { campaign: made.campaignId, point: made.point, rung: made.rung + 1 } }),
      versions: versions.slice(0, SHOWN_VERSIONS).map(versionFacts),
      versions_more: Math.max(0, versions.length - SHOWN_VERSIONS),
    };
  },
});

const versionFacts = ({ commit, change, author, reason, experimentId, at }: StrategyVersion) => ({
  version: shortVersion(commit),
  at,
  change,
  by: author,
  ...compact({ reason, experiment_id: experimentId }),
});

/** The error for a strategy that was removed: it names the version to ask for. */
function removed(name: string, [newest, before]: readonly StrategyVersion[]): DomainError | null {
  if (newest?.change !== "removed" || before === undefined) return null;
  return new DomainError("strategy_not_found", {
    what: `The strategy ${name} was removed by ${newest.author}, found at ${newest.at}.`,
    next: `get_strategy with version ${shortVersion(before.commit)} shows its last text; create_strategy brings it back`,
  });
}
