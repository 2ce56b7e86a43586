import { z } from "zod";
import { DomainError } from "../../domain/errors.ts";
import { insistenceCaveats } from "../../domain/insistence.ts";
import type { BacktestRequest } from "../../domain/kinds/backtest.ts";
import { overlaps, type DateWindow } from "../../domain/market-data.ts";
import { checkBars } from "../../research/strategies/bar-check.ts";
import { checkCapital } from "../../research/strategies/capital-check.ts";
import { clear, findingText, isError, type Checked, type Will } from "../../research/strategies/clearance.ts";
import { defineTool, type ToolContext } from "../define-tool.ts";
import {
  costs,
  forceNewReason,
  insisting,
  isoDate,
  runOf,
  statusFields,
  strategyName,
  symbol,
  timeframe,
} from "../fields.ts";
import { chooseModel, marketOfModel, MODEL_PATH, type ChosenModel } from "../../research/jobs/model-choice.ts";
import { checkedModel } from "../../research/jobs/model-strategy.ts";
import { checkOrder, fewBarsWarning } from "../../research/strategies/preflight.ts";
import { startBatchJob } from "../../research/jobs/start-batch-job.ts";
import { startJob, type Cleared } from "../../research/jobs/start-job.ts";

export const runBacktest = defineTool({
  name: "run_backtest",
  title: "Run a backtest",
  description: `Starts a bar-by-bar backtest of a trained model with trading costs and returns at once with a task_id; durable, and the same request returns the same job (existing). "power": what these days can still show.

Before: train_model finished. Choose dates AFTER the training window: a backtest on days the model was trained on is in-sample, proves nothing, and is flagged. After: get_task_status with wait_seconds 45, then get_results.

- model: the task_id of a training (best), or its model_path from list_models. For a batch: all its models, as a batch.
- A model of elsewhere: its model_path, and a symbol.
- The first 50 bars of the window are warm-up and not traded.
- commission and slippage are ratios of traded value per fill (0.001 = 0.1 %).
- The same model gives the same figures every time.

Example: {"model": "train-spx_trend-7f3a2c", "start_date": "2015-01-02", "end_date": "2019-12-31"}`,
  input: z.strictObject({
    model: z.string().min(3).max(200).describe("task_id of a finished training, or a model_path."),
    start_date: isoDate.describe("First day."),
    end_date: isoDate.describe("Last day."),
    strategy: strategyName.optional().describe("Default: the training's."),
    symbol: symbol.optional().describe("Default: the training's."),
    timeframe: timeframe.optional().describe("Default: the training's."),
    ...costs,
    experiment_id: runOf,
    ...insisting,
    force_new_reason: forceNewReason,
  }),
  output: z.object({
    ...statusFields,
    existing: z.boolean(),
    items: z.number().optional(),
    power: z.string().optional(),
    warnings: z.array(z.string()),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle(args, context) {
    const window = { startDate: args.start_date, endDate: args.end_date };
    checkOrder(window);
    if (await isMany(context, args.model)) return await backtestEach(args, window, context);
    const model = await chooseModel(context.deps, args.model);
    const { strategySha256 } = model;
    const request = {
      kind: "backtest",
      ...marketOfModel(model, args),
      ...(strategySha256 === null ? {} : { strategySha256 }),
      ...window,
      modelPath: model.modelPath,
      trainingJobId: model.trainingJobId,
      initialCapital: args.initial_capital,
      commission: args.commission,
      slippage: args.slippage,
    } as const satisfies BacktestRequest;
    const answer = await startJob(context, {
      request,
      forceReason: args.force_new_reason ?? null,
      experimentId: args.experiment_id,
      preflight: () => preflight(request, model, args, context),
    });
    return { ...answer, warnings: [...sampleWarnings(request, model), ...answer.warnings] };
  },
});

/** Whether `model` stands for several models: a batch, or draws. */
async function isMany({ deps }: ToolContext, model: string): Promise<boolean> {
  const job = MODEL_PATH.test(model) ? null : await deps.records.jobs.get(model);
  return job?.kind === "batch";
}

interface Several extends Will {
  readonly model: string;
  readonly strategy?: string | undefined;
  readonly symbol?: string | undefined;
  readonly timeframe?: string | undefined;
  readonly initial_capital: number;
  readonly commission: number;
  readonly slippage: number;
  readonly experiment_id?: string | undefined;
  readonly force_new_reason?: string | undefined;
}

/** Backtests each model of a batch, as a batch of ordinary backtests. */
async function backtestEach(args: Several, window: DateWindow, context: ToolContext) {
  const { model, strategy, timeframe, symbol: market, force_new_reason: again } = args;
  if (strategy !== undefined || timeframe !== undefined || again !== undefined) {
    throw new DomainError("invalid_input", {
      what: `${model} stands for several models: strategy, timeframe and force_new_reason are for one.`,
      next: "leave them out, or pass the task_id of one training",
    });
  }
  return await startBatchJob(context, {
    ...args,
    work: "backtest",
    models: [model],
    strategies: undefined,
    symbols: market === undefined ? undefined : [market],
    periods: [{ train: null, test: window }],
    draws: 1,
    costs: { initialCapital: args.initial_capital, commission: args.commission, slippage: args.slippage },
    atOnce: 4,
    maxFailures: 10,
    experimentId: args.experiment_id,
  });
}

async function preflight(
  request: BacktestRequest,
  model: ChosenModel,
  will: Will,
  { deps, signal }: ToolContext,
): Promise<Cleared> {
  deps.strategies.noticeSoon(request.strategy);
  const judged = await checkedModel(deps, model, request.strategy);
  const read = { ...request, slower: judged.slower };
  const { range, subject } = await checkBars(deps, read, request, will, signal);
  const capital = await checkCapital(deps, request, request, request.initialCapital, signal);
  const { insisted: now = [] } = clear([judged.subject, subject, capital], will);
  const insisted = [...model.insisted, ...now];
  return {
    request: insisted.length === 0 ? request : { ...request, insisted },
    warnings: [
      ...insistenceCaveats(insisted).map(({ text }) => text),
      ...judged.warnings,
      ...[subject, capital].flatMap(doubts),
      ...fewBarsWarning(range, request),
    ],
  };
}

const doubts = ({ findings }: Checked): string[] => findings.filter((one) => !isError(one)).map(findingText);

/** Warnings that a backtest may be in-sample; known jobs get them too. */
function sampleWarnings(request: BacktestRequest, { origin }: ChosenModel): string[] {
  if (origin === null)
    return ["No training of this model is on record: it cannot be said whether the backtest is in-sample."];
  const warnings: string[] = [];
  if (overlaps(origin, request)) {
    warnings.push(
      `IN-SAMPLE: the model was trained on ${origin.startDate} to ${origin.endDate}, which overlaps this window. The result proves nothing; use later dates.`,
    );
  }
  if (
    origin.strategy !== request.strategy ||
    origin.symbol !== request.symbol ||
    origin.timeframe !== request.timeframe
  ) {
    warnings.push(
      `The model was trained for ${origin.strategy} on ${origin.symbol} ${origin.timeframe}, not for what is backtested here.`,
    );
  }
  return warnings;
}
