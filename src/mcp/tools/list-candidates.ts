import { z } from "zod";
import { compact } from "../../domain/facts.ts";
import { forwardText } from "../../domain/registry/forward.ts";
import { STAGES } from "../../domain/registry/stage.ts";
import { candidateRow, eventRow, gateRow } from "../../research/registry/told-candidate.ts";
import { defineTool } from "../define-tool.ts";
import { symbol, taskId } from "../fields.ts";

export const listCandidates = defineTool({
  name: "list_candidates",
  title: "List candidates",
  description: `Candidates and champions: stage, what is missing, until when they wait, what was rejected and why. Those that wait for a human come first.

Example: {"symbol": "SPX"}`,
  input: z.strictObject({
    task_id: taskId.optional().describe("Only this one, with its gates and history."),
    symbol: symbol.optional().describe("Only of this symbol."),
    stage: z.enum(STAGES).optional().describe("Only at this stage."),
    limit: z.number().int().min(1).max(50).default(20).describe("Rows at most."),
  }),
  output: z.object({
    candidates: z.array(z.looseObject({ task_id: z.string(), stage: z.string() })),
    more: z.boolean(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  quotes: true,
  async handle({ task_id: jobId, symbol: wanted, stage, limit }, { deps }) {
    const { registry } = deps.records;
    if (jobId !== undefined) {
      const asked = [registry.get(jobId), registry.history(jobId), registry.forward(jobId)] as const;
      const [candidate, history, forward] = await Promise.all(asked);
      const whole = { gates: candidate.gates.map(gateRow), history: history.map(eventRow) };
      const later = compact({ forward: forward === null ? null : forwardText(forward) });
      return { candidates: [{ ...candidateRow(candidate), ...whole, ...later }], more: false };
    }
    const filter = compact({ symbol: wanted, stages: stage === undefined ? null : [stage] });
    const found = await registry.list({ ...filter, limit: limit + 1 });
    return { candidates: found.slice(0, limit).map(candidateRow), more: found.length > limit };
  },
});
