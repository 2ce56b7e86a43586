import { z } from "zod";
import { DomainError } from "../../domain/errors.ts";
import { FEWEST_WINDOWS, MOST_WINDOWS } from "../../domain/walk-forward/windows.ts";
import { startWalkForwards, type Walk } from "../../research/jobs/start-walk-forward.ts";
import { defineTool } from "../define-tool.ts";
import { toolErrorText } from "../errors.ts";
import { costs, forceNewReason, insisting, isoDate, optionalWindow, statusFields, strategyName } from "../fields.ts";

export const startWalkForward = defineTool({
  name: "start_walk_forward",
  title: "Start a walk forward",
  description: `Trains a strategy again and again and backtests each model on the days after its training; all test windows together are one run and one trial. Says more than one backtest, at many times its cost: for what luck does not explain, with costs and draws settled.

Windows are made from the stored bars: each training ends before its test, is at least three times as long, and the windows follow each other to the end.

After: get_task_status, then get_results: Sharpe and t of all windows, luck, a row for each window (the draw in the middle).

Example: {"strategies": ["spx_trend"], "windows": 6}`,
  input: z.strictObject({
    strategies: z.array(strategyName).min(1).max(20).describe("One job and one trial each."),
    start_date: isoDate.optional().describe("Default: all stored days."),
    end_date: isoDate.optional().describe("With start_date."),
    windows: z.number().int().min(FEWEST_WINDOWS).max(MOST_WINDOWS).default(8).describe("How many."),
    anchored: z
      .boolean()
      .optional()
      .describe("Trainings begin on one day, else have one length. Default: below ten years."),
    gap: z
      .number()
      .int()
      .min(0)
      .max(1_000)
      .optional()
      .describe("Bars between training and test. Default: as far as labels look ahead."),
    draws: z.number().int().min(1).max(20).default(3).describe("Trainings of each window."),
    ...costs,
    ...insisting,
    force_new_reason: forceNewReason,
  }),
  output: z.object({
    ...statusFields,
    strategy: z.string(),
    existing: z.boolean(),
    tested: z.array(z.string()).describe("First and last day of each window."),
    power: z.string().optional(),
    warnings: z.array(z.string()),
    others: z.array(z.looseObject({ strategy: z.string() })).optional(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle(args, context) {
    const { windows, anchored, gap, draws, strategies } = args;
    const [first, ...others] = await startWalkForwards(context, {
      ...args,
      strategies,
      window: optionalWindow(args.start_date, args.end_date),
      windows,
      anchored,
      gap,
      draws,
      costs: { initialCapital: args.initial_capital, commission: args.commission, slippage: args.slippage },
      forceReason: args.force_new_reason ?? null,
    });
    if (first === undefined || "refused" in first) throw first?.refused ?? nothing();
    const { request, ...started } = first;
    const tested = request.windows.map(({ test }) => `${test.startDate} to ${test.endDate}`);
    return { ...started, tested, ...(others.length === 0 ? {} : { others: others.map(rowOf) }) };
  },
});

const nothing = () => new DomainError("invalid_input", { what: "No strategy was named.", next: "name at least one" });

function rowOf(walk: Walk) {
  if ("refused" in walk) return { strategy: walk.strategy, refused: toolErrorText(walk.refused) };
  const { strategy, task_id, state, existing, warnings } = walk;
  return { strategy, task_id, state, existing, warnings };
}
