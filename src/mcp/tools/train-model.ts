import { z } from "zod";
import { repeated } from "../../domain/batch.ts";
import type { JobRequest } from "../../domain/kinds/index.ts";
import type { TrainingRequest } from "../../domain/kinds/training.ts";
import { checkBars, unlessRefused } from "../../research/strategies/bar-check.ts";
import { clear } from "../../research/strategies/clearance.ts";
import { defineTool } from "../define-tool.ts";
import {
  forceNewReason,
  insisting,
  isoDate,
  runOf,
  statusFields,
  strategyName,
  symbol,
  taskId,
  timeframe,
} from "../fields.ts";
import { goOn } from "../../research/jobs/go-on.ts";
import { inputError } from "../input-error.ts";
import { checkOrder, readStrategy } from "../../research/strategies/preflight.ts";
import { remindersOf } from "../../research/memory/reminders.ts";
import { startJob } from "../../research/jobs/start-job.ts";
import { strategySubject } from "../../research/strategies/strategy-check.ts";
import { barsRead, marketOf } from "../../research/strategies/training-market.ts";

const fields = z.strictObject({
  strategy: strategyName.describe("Name of the strategy file."),
  start_date: isoDate.describe("First day of training."),
  end_date: isoDate.describe("Last day of training."),
  symbol: symbol.optional().describe("Default: the strategy's."),
  timeframe: timeframe.optional().describe("The strategy's."),
  symbols: z.array(symbol).min(1).max(20).optional().describe("Several together instead."),
  repeats: z.number().int().min(1).max(20).default(1).describe("How many independent trainings."),
  resume_from: taskId.optional().describe("A stopped training: go on from its checkpoint."),
  experiment_id: runOf,
  ...insisting,
  force_new_reason: forceNewReason,
});

export const trainModel = defineTool({
  name: "train_model",
  title: "Train a model",
  description: `Starts training a strategy's neural network on stored bars and returns at once with a task_id; durable, and the same request (strategy text, market, dates, repeats) returns the same job.

Before: create_strategy or validate_strategy without errors; list_market_data for dates that exist. After: get_task_status with wait_seconds 45 until "final", then get_results, then run_backtest with this task_id on LATER dates.

- Training sets no seed: each training is one random draw. repeats 5 is a batch of five, answered with median and spread; needed before one strategy can be called better than another.
- timeframe is always the strategy's finest.
- A cancelled training goes on from its checkpoint: {"resume_from": task_id} alone.

Example: {"strategy": "spx_trend", "start_date": "2000-01-03", "end_date": "2014-12-31", "repeats": 3}`,
  input: fields.partial({ strategy: true, start_date: true, end_date: true }),
  output: z.object({
    ...statusFields,
    existing: z.boolean().describe("True: this request was known; nothing new was started."),
    warnings: z.array(z.string()),
    reminders: z.array(z.string()).describe("What earlier research noted about similar ones."),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  quotes: true,
  async handle(given, context) {
    const { deps, signal } = context;
    if (given.resume_from !== undefined) {
      return { ...(await goOn({ ...given, resume_from: given.resume_from }, context)), reminders: [] };
    }
    const whole = fields.safeParse(given);
    if (!whole.success) throw inputError("train_model", fields, whole.error, given);
    const args = whole.data;
    const window = { startDate: args.start_date, endDate: args.end_date };
    checkOrder(window);
    const file = await readStrategy(deps, args.strategy);
    const named = args.symbols ?? (args.symbol === undefined ? undefined : [args.symbol]);
    const market = marketOf(file, { symbols: named, timeframe: args.timeframe });
    const training = {
      kind: "training",
      strategy: file.name,
      strategySha256: file.sha256,
      ...market,
      ...window,
    } as const satisfies Omit<TrainingRequest, "draw">;
    // Looked up while the job starts, so that the call does not take longer.
    const reminding = remindersOf(deps, { ...file, ...market });
    const started = await startJob(context, {
      request: requestOf(training, args.repeats),
      forceReason: args.force_new_reason ?? null,
      experimentId: args.experiment_id,
      preflight: async () => {
        deps.strategies.noticeSoon(file.name);
        const reads = barsRead(deps, file, market);
        const checked: Awaited<ReturnType<typeof checkBars>>[] = [];
        for (const read of reads) checked.push(await checkBars(deps, read, window, args, signal));
        const bars = await unlessRefused(deps.reads.bars(market.symbol, market.timeframe, window, signal));
        const range = checked[0] && { ...market, ...checked[0].range };
        const symbols = reads.map((read) => read.symbol);
        const found = strategySubject(deps, file, { window, range, symbols, bars: bars ?? undefined });
        const { warnings, ...insisted } = clear([found, ...checked.map(({ subject }) => subject)], args);
        return { request: requestOf({ ...training, ...insisted }, args.repeats), warnings };
      },
    });
    return { ...started, reminders: started.existing ? [] : await reminding };
  },
});

function requestOf(training: Omit<TrainingRequest, "draw">, repeats: number): JobRequest {
  return repeats === 1 ? { ...training, draw: 1 } : repeated(training, repeats);
}
