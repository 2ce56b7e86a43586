import { z } from "zod";
import { failureKinds, failurePatterns, ideasOf, type FailurePattern } from "../../domain/failure-patterns.ts";
import { compact, rounded } from "../../domain/facts.ts";
import { defineTool } from "../define-tool.ts";
import { day, strategyName, symbol, timeframe } from "../fields.ts";
import { judgedRuns } from "../../research/memory/judged-runs.ts";

export const getFailedStrategies = defineTool({
  name: "get_failed_strategies",
  title: "Get failed strategies",
  description: `Says which strategies failed or are not worth going on with, and what they have in common: indicators, labels, architecture, symbol, timeframe. Draws of one strategy on the same market and dates count once. Ask it before designing a strategy.

Judged are jobs that failed, and backtests on dates their model was not trained on. One of those counts as failed when it made no trade, or its Sharpe is below sharpe_below or below that of buying and holding.

"share" is failed of tried; compare it with the share of all judged. The surest come first. For what was written down about failures: search_insights with category failure.

Example: {"symbol": "SPX", "timeframe": "1d", "sharpe_below": 0.3}`,
  input: z.strictObject({
    strategy: strategyName.optional().describe("Only runs of this strategy."),
    symbol: symbol.optional().describe("Only runs on this symbol."),
    timeframe: timeframe.optional().describe("Only runs on this timeframe."),
    since: day.optional().describe("Only runs started on this day (UTC) or later."),
    sharpe_below: z.number().min(-5).max(5).default(0).describe("Annualised Sharpe below which a backtest failed."),
    limit: z.number().int().min(1).max(30).default(8).describe("Patterns at most."),
  }),
  output: z.object({
    judged: z.number(),
    runs: z.number(),
    engine: z.string().optional(),
    failed: z.number(),
    share: z.number().nullable(),
    kinds: z.array(z.looseObject({ kind: z.string() })),
    patterns: z.array(z.looseObject({ trait: z.string(), value: z.string() })),
    more: z.boolean(),
    incomplete: z.string().optional(),
    next: z.string(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  quotes: true,
  async handle({ sharpe_below: least, limit, ...filter }, { deps }) {
    const { judged: runs, more, engine } = await judgedRuns(deps, compact(filter), least);
    const judged = ideasOf(runs);
    const failed = judged.filter(({ failure }) => failure !== null).length;
    const patterns = failurePatterns(judged);
    return {
      judged: judged.length,
      runs: runs.length,
      failed,
      share: judged.length === 0 ? null : rounded(failed / judged.length),
      kinds: failureKinds(judged).map(({ kind, runs: count, examples }) => ({
        kind,
        strategies: count,
        task_ids: examples,
      })),
      patterns: patterns.slice(0, limit).map(patternFacts),
      more: patterns.length > limit,
      ...compact({ engine, incomplete: more ? `only the newest ${runs.length} runs were looked at` : undefined }),
      next:
        judged.length === 0
          ? "Nothing was judged yet: run_backtest on dates after the training window, or widen the filter."
          : "get_results with a task_id shows a run, get_strategy its text; save_insight with what you conclude.",
    };
  },
});

const patternFacts = ({ trait, value, failed, tried, share, examples }: FailurePattern) => ({
  trait,
  value,
  failed,
  tried,
  share: rounded(share),
  task_ids: examples,
});
