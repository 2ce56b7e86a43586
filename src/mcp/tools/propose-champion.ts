import { z } from "zod";
import { proposeCandidate } from "../../research/registry/propose.ts";
import { defineTool } from "../define-tool.ts";
import { freeText, taskId } from "../fields.ts";

export const proposeChampion = defineTool({
  name: "propose_champion",
  title: "Propose a champion",
  description: `Proposes a finished backtest as the champion of its market. The server gathers the evidence from the record; a human decides, never a tool.

Refused below: luck at most 5 %, 30 trades, out of sample, no look-ahead, nothing insisted on, complete record. To wait for the human it also needs a walk-forward, twice the costs, 5 draws and, where one is kept back, the holdout: "gates" names the calls that supply them. Then call again.

Example: {"task_id": "backtest-spx_trend-1b2c3d", "reason": "Holds in every window."}`,
  input: z.strictObject({ task_id: taskId, reason: freeText(500).describe("Why; the human reads it.") }),
  output: z.object({
    task_id: z.string(),
    stage: z.string(),
    evidence_hash: z.string(),
    gates: z.array(z.looseObject({ gate: z.string() })),
    missing: z.array(z.string()).optional(),
    expires_at: z.string().optional(),
    last: z.string().optional(),
    next: z.string(),
    engine: z.string().optional(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  page: ({ task_id }) => `/approvals/${encodeURIComponent(task_id)}`,
  handle: async ({ task_id: jobId, reason }, context) => await proposeCandidate(context, { jobId, reason }),
});
