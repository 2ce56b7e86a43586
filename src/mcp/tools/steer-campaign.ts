import { z } from "zod";
import { Point } from "../../domain/campaign/dimension.ts";
import { steerCampaign as steer } from "../../research/jobs/steer-campaign.ts";
import { statusFacts, statusOf } from "../../research/jobs/task-status.ts";
import { defineTool } from "../define-tool.ts";
import { freeText, moment, statusFields, taskId } from "../fields.ts";

export const steerCampaign = defineTool({
  name: "steer_campaign",
  title: "Steer a campaign",
  description: `Orders that the next step of a running campaign obeys: points to try first, smaller ranges, lower budgets, or the end of the search, after which finalists are tested. No result can be told to it.

Example: {"task_id": "campaign-spx_dip-1b2c3d4e", "suggest": [{"dip.period": 5, "training.learning_rate": 0.001}], "narrow": {"dip.period": [3, 9]}, "reason": "short periods did well"}`,
  input: z.strictObject({
    task_id: taskId,
    suggest: z.array(z.looseObject({}).pipe(Point)).max(10_000).default([]).describe("Values of all dimensions."),
    narrow: z
      .looseObject({})
      .pipe(z.record(z.string(), z.array(z.json())))
      .default({})
      .describe("From and to, or the choices that stay."),
    trainings: z.int32().min(0).optional().describe("Lower."),
    trials: z.int32().min(0).optional().describe("Lower."),
    hours: z.number().min(0).optional().describe("Lower."),
    deadline: moment.optional().describe("Earlier."),
    finish: z.boolean().default(false).describe("End the search."),
    reason: freeText(300).min(3).describe("Why; kept with the campaign."),
  }),
  output: z.object({ ...statusFields, ordered: z.array(z.string()) }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle({ task_id, suggest, narrow, trainings, trials, hours, deadline, finish, reason }, context) {
    const budget = { trainings, trials, hours, deadline };
    const ordered = await steer(context, { jobId: task_id, suggest, narrow, budget, finish, reason });
    return { ...statusFacts(task_id, await statusOf(context.deps, task_id)), ordered };
  },
});
