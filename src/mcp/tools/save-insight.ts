import { z } from "zod";
import { INSIGHT_CATEGORIES } from "../../domain/insight.ts";
import { defineTool } from "../define-tool.ts";
import { freeText, insightTag, taskId } from "../fields.ts";

export const saveInsight = defineTool({
  name: "save_insight",
  title: "Save an insight",
  description: `Writes down for ever what research has taught, so that whoever goes on (you, after your context is gone) finds it with search_insights. Save failures too: what did not work, and why, is what saves most time later.

One idea each, understood without this conversation: what was done, on which symbol and dates, what came out in figures, what follows. Give the task_ids it was drawn from. The same insight saved again is the same insight; one that proved wrong is answered by a newer one.

Example: {"category": "failure", "insight": "RSI(14) dips on SPX 1d 2000-2014: 5 trainings, median Sharpe -0.1 against 0.4 of holding; entries too late.", "tags": ["rsi", "spx"], "task_ids": ["train-spx_dip-1a2b3c4d"]}`,
  input: z.strictObject({
    insight: freeText(4_000).describe("What was learnt."),
    category: z.enum(INSIGHT_CATEGORIES).describe("What kind of insight it is."),
    tags: z.array(insightTag).max(10).default([]).describe("Lower-case words to find it by."),
    importance: z.number().int().min(1).max(10).default(5).describe("1 a detail, 10 changes what is tried next."),
    task_ids: z.array(taskId).max(20).default([]).describe("Jobs it was drawn from."),
  }),
  output: z.object({ insight_id: z.string(), existing: z.boolean(), saved_at: z.string(), next: z.string() }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle({ insight: body, category, tags, importance, task_ids: jobIds }, { deps, caller }) {
    const wanted = { body, category, tags: [...new Set(tags)], importance, jobIds: [...new Set(jobIds)] };
    const { insight, existing } = await deps.records.insights.save(wanted, caller.name);
    return {
      insight_id: insight.insightId,
      existing,
      saved_at: insight.savedAt,
      next: "search_insights finds it by its words, tags or task_ids.",
    };
  },
});
