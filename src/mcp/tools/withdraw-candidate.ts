import { z } from "zod";
import { withdrawCandidate as withdraw } from "../../research/registry/propose.ts";
import { defineTool } from "../define-tool.ts";
import { freeText, taskId } from "../fields.ts";

export const withdrawCandidate = defineTool({
  name: "withdraw_candidate",
  title: "Withdraw a candidate",
  description: `Takes a candidate back that no human has decided on. It stays on record.

Example: {"task_id": "backtest-spx_trend-1b2c3d", "reason": "Its bars were wrong."}`,
  input: z.strictObject({ task_id: taskId, reason: freeText(500).describe("Why; kept with it.") }),
  output: z.object({ task_id: z.string(), stage: z.string() }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  async handle({ task_id: jobId, reason }, context) {
    const { stage } = await withdraw(context, { jobId, reason });
    return { task_id: jobId, stage };
  },
});
