import { z } from "zod";
import { isDomainError } from "../../domain/errors.ts";
import type { DataLoadRequest } from "../../domain/kinds/data-load.ts";
import { defineTool, type ToolContext } from "../define-tool.ts";
import { forceNewReason, isoDate, statusFields, symbol, timeframe } from "../fields.ts";
import { checkOrder } from "../../research/strategies/preflight.ts";
import { startJob } from "../../research/jobs/start-job.ts";

export const loadMarketData = defineTool({
  name: "load_market_data",
  title: "Load market data",
  description: `Makes bars available for training and backtests.

- local: only looks, fresh, at what is stored and answers at once. No job.
- tail: fetches the newest bars; backfill: older ones; full: everything the source has. These start a durable job and answer with a task_id for get_task_status. They fail without KTRDR's data source (Interactive Brokers).

Asking again on the same day returns the same job. Keep fresh bars for backtests.

Example: {"symbol": "EURUSD", "timeframe": "1h", "mode": "tail"}`,
  input: z.strictObject({
    symbol: symbol.describe("As the data source names it, e.g. EURUSD."),
    timeframe: timeframe.describe("Length of a bar; 1M is a month, 1m a minute."),
    mode: z.enum(["local", "tail", "backfill", "full"]).default("local").describe("Where to look."),
    start_date: isoDate.optional().describe("First day wanted; not for local."),
    end_date: isoDate.optional().describe("Last day wanted, default today; not for local."),
    force_new_reason: forceNewReason,
  }),
  output: z
    .object(statusFields)
    .partial()
    .extend({
      stored: z.object({ from: z.string(), to: z.string(), bars: z.number() }).nullable().optional(),
      existing: z.boolean().optional(),
      warnings: z.array(z.string()).optional(),
    }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  async handle(args, context) {
    const { mode } = args;
    if (mode === "local") return await lookUp(args.symbol, args.timeframe, context);
    // The day is part of the request, so that tomorrow's tail is another job than today's.
    const endDate = args.end_date ?? (await context.deps.now()).toISOString().slice(0, 10);
    if (args.start_date !== undefined) checkOrder({ startDate: args.start_date, endDate });
    const request: DataLoadRequest = {
      kind: "data_load",
      symbol: args.symbol,
      timeframe: args.timeframe,
      mode,
      startDate: args.start_date ?? null,
      endDate,
    };
    return await startJob(context, {
      request,
      forceReason: args.force_new_reason ?? null,
      experimentId: undefined,
      preflight: async () => ({ request, warnings: [] }),
    });
  },
});

/** What is stored now, read without the cache. */
async function lookUp(market: string, bar: string, { deps, signal }: ToolContext) {
  deps.reads.invalidate(market);
  try {
    const { startDate, endDate, points } = await deps.reads.range(market, bar, signal);
    return {
      stored: { from: startDate, to: endDate, bars: points },
      headline: `${points} bars of ${market} ${bar} are stored.`,
      next: "Use dates inside this range; mode tail fetches newer bars, backfill older ones.",
    };
  } catch (error) {
    if (!isDomainError(error, "data_not_found")) throw error;
    return {
      stored: null,
      headline: `No bars of ${market} ${bar} are stored.`,
      next: "Fetch them with mode full, or choose stored data with list_market_data.",
    };
  }
}
