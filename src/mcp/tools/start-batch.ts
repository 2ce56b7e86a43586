import { z } from "zod";
import { MOST_ITEMS } from "../../domain/batch.ts";
import { DomainError } from "../../domain/errors.ts";
import type { BatchPeriod, BatchRequest } from "../../domain/kinds/batch.ts";
import { overlaps, type DateWindow } from "../../domain/market-data.ts";
import { defineTool } from "../define-tool.ts";
import { costs, insisting, isoDate, runOf, statusFields, strategyName, symbol } from "../fields.ts";
import { checkOrder } from "../../research/strategies/preflight.ts";
import { startBatchJob } from "../../research/jobs/start-batch-job.ts";

const window = z.array(isoDate).length(2, "two dates: the first day and the last");

export const startBatch = defineTool({
  name: "start_batch",
  title: "Start a batch",
  description: `Runs many trainings and backtests as one durable job: every combination of strategies (each on its own market, or on symbols) and periods, each draws times; or of models and periods. At most ${MOST_ITEMS} items. What was computed before is not computed again.

get_task_status tells how many are done, running, failed, which strategy leads and the time left; get_results its items at any time.

work both: trains, then backtests each model on the period's test dates. Take test dates after train dates.

Example: {"work": "both", "strategies": ["dip_3", "dip_5"], "draws": 3, "periods": [{"train": ["2000-01-03", "2014-12-31"], "test": ["2015-01-02", "2019-12-31"]}]}`,
  input: z.strictObject({
    work: z.enum(["train", "both", "backtest"]).describe("What is done for each combination."),
    strategies: z.array(strategyName).min(1).max(500).optional().describe("To train."),
    models: z
      .array(z.string().min(3).max(200))
      .min(1)
      .max(500)
      .optional()
      .describe("To backtest: task_ids of trainings or batches, or model_paths."),
    symbols: z.array(symbol).min(1).max(50).optional().describe("Default: each strategy's own."),
    periods: z
      .array(z.strictObject({ train: window.optional(), test: window.optional() }))
      .min(1)
      .max(100)
      .describe("First and last day of each."),
    draws: z.number().int().min(1).max(20).default(1).describe("Trainings of each combination."),
    at_once: z.number().int().min(1).max(50).default(4).describe("Jobs open at the same time."),
    max_failures: z.number().int().min(0).max(MOST_ITEMS).default(10).describe("More failed items stop it."),
    ...costs,
    experiment_id: runOf,
    ...insisting,
  }),
  output: z.object({
    ...statusFields,
    items: z.number(),
    power: z.string().optional(),
    existing: z.boolean(),
    warnings: z.array(z.string()),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle(args, context) {
    const { work } = args;
    const periods = args.periods.map((period) => periodOf(period, work));
    const answer = await startBatchJob(context, {
      ...args,
      periods,
      costs: { initialCapital: args.initial_capital, commission: args.commission, slippage: args.slippage },
      atOnce: args.at_once,
      maxFailures: args.max_failures,
      experimentId: args.experiment_id,
    });
    return { ...answer, warnings: [...periods.flatMap(warningOf), ...answer.warnings] };
  },
});

type Wish = Partial<Record<"train" | "test", readonly string[] | undefined>>;

/** @throws DomainError `invalid_input` when dates that the work needs are missing, or dates it does not need are given */
function periodOf(wish: Wish, work: BatchRequest["work"]): BatchPeriod {
  const train = windowOf(wish, "train", work !== "backtest", work);
  const test = windowOf(wish, "test", work !== "train", work);
  return { train, test };
}

function windowOf(wish: Wish, name: "train" | "test", needed: boolean, work: string): DateWindow | null {
  const [startDate, endDate] = wish[name] ?? [];
  if (needed && startDate !== undefined && endDate !== undefined) {
    checkOrder({ startDate, endDate });
    return { startDate, endDate };
  }
  if (!needed && wish[name] === undefined) return null;
  throw new DomainError("invalid_input", {
    what: needed ? `Each period needs ${name} dates for work ${work}.` : `Work ${work} has no use for ${name} dates.`,
    next: "correct the periods and call again",
  });
}

const warningOf = ({ train, test }: BatchPeriod): string[] =>
  train !== null && test !== null && overlaps(train, test)
    ? [`IN-SAMPLE: test dates ${test.startDate} to ${test.endDate} overlap the training. Those results prove nothing.`]
    : [];
