import { z } from "zod";
import { evaluateOnHoldout as evaluate } from "../../research/holdout/evaluate.ts";
import { defineTool } from "../define-tool.ts";
import { statusFields, taskId } from "../fields.ts";

export const evaluateOnHoldout = defineTool({
  name: "evaluate_on_holdout",
  title: "Evaluate on the holdout",
  description: `Examines a finished backtest on bars that nobody has seen. Answers pass or fail, nothing else; each look counts for ever, and the next is stricter. One look for a candidate.

Before: an experiment concluded as supported counted the run; 30 trades; luck at most 5 %. After: get_task_status, get_results.

Example: {"task_id": "backtest-spx_trend-1b2c3d"}`,
  input: z.strictObject({ task_id: taskId }),
  output: z.object({
    ...statusFields,
    existing: z.boolean(),
    answer: z.enum(["passed", "failed"]).nullable(),
    rule: z.string(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle({ task_id }, context) {
    const { warnings: _none, ...answer } = await evaluate(context, task_id);
    return answer;
  },
});
