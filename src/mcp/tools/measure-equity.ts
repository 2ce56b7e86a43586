import { z } from "zod";
import { FEWEST_POINTS, MOST_POINTS } from "../../domain/measured/prefix-ends.ts";
import { startMeasurement } from "../../research/jobs/start-measurement.ts";
import { defineTool } from "../define-tool.ts";
import { forceNewReason, statusFields, taskId } from "../fields.ts";

export const measureEquity = defineTool({
  name: "measure_equity",
  title: "Measure equity",
  description: `Measures the equity of a finished backtest at month ends, by backtests of its model to earlier ends; these count as no trials. Worth it where luck does not explain the result. After: get_results gives years, worst block, time under water, and holding beside it; compare_results of several their probability of overfitting.

Example: {"task_id": "backtest-spx_trend-1b2c3d"}`,
  input: z.strictObject({
    task_id: taskId,
    points: z
      .number()
      .int()
      .min(FEWEST_POINTS)
      .max(MOST_POINTS)
      .default(MOST_POINTS)
      .describe("At most: more month ends are thinned."),
    force_new_reason: forceNewReason,
  }),
  output: z.object({
    ...statusFields,
    existing: z.boolean(),
    points: z.number(),
    warnings: z.array(z.string()),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle({ task_id, points, force_new_reason }, context) {
    return await startMeasurement(context, { jobId: task_id, points, forceReason: force_new_reason ?? null });
  },
});
