import { z } from "zod";
import { compact, rounded, engineText } from "../../domain/facts.ts";
import { defineTool } from "../define-tool.ts";
import { strategyName, symbol } from "../fields.ts";

export const listModels = defineTool({
  name: "list_models",
  title: "List models",
  description: `The models that trainings of this server produced, newest first, each with its figures, the task_id that made it ("model" of run_backtest), and its training window, on which it must NOT be judged.

Accuracies are ratios, and mean nothing without the base rate beside them. Trainings of one strategy differ by chance (no seed): look at several. Those of strategies that campaigns made need strategy.

Example: {"strategy": "spx_trend", "limit": 5}`,
  input: z.strictObject({
    strategy: strategyName.optional().describe("Only models of this strategy."),
    symbol: symbol.optional().describe("Only models trained on this symbol."),
    limit: z.number().int().min(1).max(50).default(10).describe("Rows at most."),
  }),
  output: z.object({
    models: z.array(z.looseObject({ task_id: z.string(), model_path: z.string(), strategy: z.string() })),
    more: z.boolean(),
    left_out: z.string().optional(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  quotes: true,
  async handle({ limit, strategy, symbol: market }, { deps }) {
    const { results } = deps.records;
    const [found, made] = await Promise.all([
      results.listModels({
        ...(strategy === undefined ? {} : { strategy }),
        ...(market === undefined ? {} : { symbol: market }),
        limit: limit + 1,
      }),
      strategy === undefined ? results.countLeftOut(market ?? null) : 0,
    ]);
    const models = found.slice(0, limit).map((model) => ({
      task_id: model.jobId,
      model_path: model.modelPath,
      strategy: model.strategy,
      symbol: model.symbol,
      timeframe: model.timeframe,
      trained_on: `${model.startDate} to ${model.endDate}`,
      created_at: model.createdAt,
      epochs: model.epochsTrained,
      final_val_loss: rounded(model.finalValLoss),
      ...(model.mae === null
        ? { final_val_accuracy: rounded(model.finalValAccuracy), test_accuracy: rounded(model.testAccuracy) }
        : { directional_accuracy: rounded(model.testAccuracy), mae: rounded(model.mae) }),
      ...compact({ test_base_rate: rounded(model.baseRate) }),
      engine: engineText(model.engine),
      ...(model.looksAhead ? { looks_ahead: true } : {}),
    }));
    const leftOut =
      made === 0 ? null : `${made} models of strategies that campaigns made; strategy shows those of one.`;
    return { models, more: found.length > limit, ...compact({ left_out: leftOut }) };
  },
});
