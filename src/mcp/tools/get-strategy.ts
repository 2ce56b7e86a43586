import { z } from "zod";
import { validateStrategy } from "../../domain/strategy/validate.ts";
import { defineTool } from "../define-tool.ts";
import { strategyName } from "../fields.ts";
import { readStrategy } from "../preflight.ts";
import { findingText } from "../strategy-check.ts";
import { summaryFacts } from "../strategy-report.ts";

const SHOWN_CHARS = 12_000;
const SHOWN_FINDINGS = 5;

export const getStrategy = defineTool({
  name: "get_strategy",
  title: "Get a strategy",
  description: `One saved strategy: its yaml text, sha256 (needed to overwrite it), features in the order the network gets them, and errors and warnings of the text, shortened. Use it to read or vary a strategy; validate_strategy judges it on real bars.

Example: {"strategy": "spx_trend"}`,
  input: z.strictObject({ strategy: strategyName.describe("Name as list_strategies shows it.") }),
  output: z.object({
    strategy: z.string(),
    sha256: z.string(),
    modified_at: z.string(),
    yaml: z.string(),
    yaml_cut: z.boolean().describe("True: the text is longer than shown."),
    valid: z.boolean(),
    findings: z.array(z.string()),
    summary: z.looseObject({}).nullable(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle({ strategy }, { deps }) {
    const file = await readStrategy(deps, strategy);
    const { valid, findings, summary } = validateStrategy({ text: file.text, fileName: file.name });
    return {
      strategy: file.name,
      sha256: file.sha256,
      modified_at: file.modifiedAt,
      yaml: file.text.slice(0, SHOWN_CHARS).toWellFormed(),
      yaml_cut: file.text.length > SHOWN_CHARS,
      valid,
      findings: findings.slice(0, SHOWN_FINDINGS).map((finding) => `${finding.severity}: ${findingText(finding)}`),
      summary: summary === null ? null : summaryFacts(summary),
    };
  },
});
