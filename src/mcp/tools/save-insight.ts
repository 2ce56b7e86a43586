import { z } from "zod";
import { INSIGHT_CATEGORIES } from "../../domain/insight.ts";
import { defineTool } from "../define-tool.ts";
import { compact } from "../../domain/facts.ts";
import { citedCaveats } from "../../research/memory/cited-runs.ts";
import { caveatsOf } from "../../research/memory/insight-rows.ts";
import { freeText, insightTag, supersedable, taskId } from "../fields.ts";

export const saveInsight = defineTool({
  name: "save_insight",
  title: "Save an insight",
  description: `Writes down for ever what research has taught, for whoever goes on. Failures too: they save most time later.

One idea each, understood without this conversation: what was done, on which symbol and dates, which figures came out, what follows. Give the task_ids it was drawn from: "caveats" says at once, and beside it for ever, what is known against these runs. An insight or a verdict that proved wrong is superseded: it stays, and a search shows yours before it.

Example: {"category": "failure", "insight": "RSI(14) dips on SPX 1d 2000-2014: 5 trainings, median Sharpe -0.1 against 0.4 of holding; entries too late.", "tags": ["rsi", "spx"], "task_ids": ["train-spx_dip-1a2b3c4d"]}`,
  input: z.strictObject({
    insight: freeText(4_000).describe("What was learnt."),
    category: z.enum(INSIGHT_CATEGORIES).describe("What kind of insight it is."),
    tags: z.array(insightTag).max(10).default([]).describe("Lower-case words to find it by."),
    importance: z.number().int().min(1).max(10).default(5).describe("1 a detail, 10 changes what is tried next."),
    task_ids: z.array(taskId).max(20).default([]).describe("Jobs it was drawn from."),
    supersedes: z.array(supersedable).max(20).default([]).describe("Ids of insights or experiments it replaces."),
  }),
  output: z.object({
    insight_id: z.string(),
    existing: z.boolean(),
    saved_at: z.string(),
    caveats: z.array(z.string()).optional(),
    next: z.string(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle({ insight: body, task_ids: jobIds, tags, supersedes, ...rest }, { deps, caller }) {
    const lists = { tags: [...new Set(tags)], jobIds: [...new Set(jobIds)], supersedes: [...new Set(supersedes)] };
    const { insight, existing } = await deps.records.insights.save({ body, ...rest, ...lists }, caller.name);
    const known = await citedCaveats(deps, insight.jobIds);
    return {
      insight_id: insight.insightId,
      existing,
      saved_at: insight.savedAt,
      ...compact({ caveats: caveatsOf(insight, known) }),
      next: "search_insights finds it by its words, tags or task_ids.",
    };
  },
});
