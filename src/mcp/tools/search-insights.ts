import { z } from "zod";
import { DomainError } from "../../domain/errors.ts";
import { INSIGHT_CATEGORIES } from "../../domain/insight.ts";
import { searchTerms } from "../../domain/search-terms.ts";
import type { InsightPage } from "../../store/insight-search.ts";
import { compact, enginesText } from "../../domain/facts.ts";
import { insightRows } from "../../research/memory/insight-rows.ts";
import { defineTool } from "../define-tool.ts";
import { day, insightId, insightTag, taskId } from "../fields.ts";
import type { Deps } from "../../research/ports.ts";

export const searchInsights = defineTool({
  name: "search_insights",
  title: "Search insights",
  description: `Finds what earlier research wrote down with save_insight, the best match first. Ask it before trying an idea, and first of all in a new conversation.

Words are matched by their stems ("overfitting" finds "overfit"); "quoted words" in that order; prefix*; -word leaves out. A mistyped word finds the most similar one, and when no insight has all the words, those with some are shown: "reading" says so. Without a query the newest are listed. One that was superseded comes after what holds instead. "caveats": what is known against the runs it cites.

Examples: {"query": "rsi \\"high volatility\\"", "category": "failure"}; {"tags": ["spx"], "min_importance": 7}`,
  input: z.strictObject({
    query: z.string().max(300).default("").describe("Words to look for."),
    category: z.enum(INSIGHT_CATEGORIES).optional().describe("Only of this kind."),
    tags: z.array(insightTag).max(10).optional().describe("Only with all of these."),
    min_importance: z.number().int().min(1).max(10).optional().describe("Only as important, or more."),
    since: day.optional().describe("Only those saved on this day (UTC) or later."),
    task_id: taskId.optional().describe("Only those drawn from this job."),
    insight_id: insightId.optional().describe("Only this one, whole."),
    limit: z.number().int().min(1).max(20).default(5).describe("Rows at most."),
    page: z.number().int().min(1).max(200).default(1).describe("Which page."),
  }),
  output: z.object({
    insights: z.array(z.looseObject({ insight_id: z.string() })),
    found: z.number(),
    more: z.boolean(),
    incomplete: z.string().optional(),
    reading: z.string(),
    engine: z.string().optional(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  quotes: true,
  async handle({ query, min_importance, task_id, insight_id, limit, page, ...filter }, { deps }) {
    const { insights } = deps.records;
    if (insight_id !== undefined) {
      const insight = await insights.get(insight_id);
      if (insight === null) throw unknown(insight_id);
      const rows = await insightRows(deps, [{ insight, text: { text: insight.body } }]);
      const engine = enginesText(await insights.engines([insight_id]));
      return { insights: rows, found: 1, more: false, reading: "by its id", ...compact({ engine }) };
    }
    const offset = (page - 1) * limit;
    const answer = await insights.search({
      terms: searchTerms(query),
      ...compact({ ...filter, leastImportance: min_importance, jobId: task_id }),
      limit,
      offset,
    });
    const engine = enginesText(await insights.engines(answer.hits.map(({ insightId }) => insightId)));
    return {
      insights: await insightRows(
        deps,
        answer.hits.map(({ snippet, ...insight }) => ({ insight, text: textOf(insight.body, snippet) })),
      ),
      found: answer.found,
      more: offset + limit < answer.found,
      ...compact({ incomplete: answer.partly ? `more match; the newest ${answer.found} were ranked` : null }),
      reading: answer.found === 0 ? await nothingOf(insights) : readingOf(answer),
      ...compact({ engine }),
    };
  },
});

/** Up to so many characters an insight is shown whole, else its matching passage. */
const SHORT = 240;
const textOf = (body: string, snippet: string) => (body.length <= SHORT ? { text: body } : { snippet });

function readingOf({ reading, corrections }: InsightPage): string {
  const read = Object.entries(corrections).map(([asked, meant]) => `${asked} as ${meant}`);
  return read.length === 0 ? reading : `${reading} (${read.join(", ")})`;
}

/** The reading when nothing was found: it tells whether there are any insights at all. */
async function nothingOf(insights: Deps["records"]["insights"]): Promise<string> {
  const any = await insights.search({ terms: searchTerms(""), limit: 1, offset: 0 });
  return any.found === 0 ? "no insight has been saved yet" : "no insight matches";
}

const unknown = (id: string) =>
  new DomainError("insight_not_found", {
    what: `There is no insight ${id}.`,
    next: "search_insights with words, tags or nothing lists those there are",
  });
