import { z } from "zod";
import { sizeOf } from "../batch.ts";
import { ORIGIN, Spread, WINDOW } from "../result.ts";
import type { Stored } from "../stored.ts";
import { BacktestRequest, Costs } from "./backtest.ts";
import { defineKind, type Subject } from "./define-kind.ts";
import { TrainingRequest } from "./training.ts";
import { lossText, percentText } from "./words.ts";

const Window = z.strictObject(WINDOW);

/** ISO dates as in the requests; null where the work needs none. */
export const BatchPeriod = z.strictObject({ train: Window.nullable(), test: Window.nullable() });
export type BatchPeriod = Stored<typeof BatchPeriod>;

/** Many trainings and backtests as one job; domain/batch.ts lists its items. */
export const BatchRequest = z.strictObject({
  kind: z.literal("batch"),
  /** What is done for each combination. */
  work: z.enum(["train", "both", "backtest"]),
  /** Strategies to train, on each of their markets. Empty when only backtests are wanted. */
  strategies: z.array(
    TrainingRequest.pick({
      strategy: true,
      strategySha256: true,
      symbol: true,
      timeframe: true,
      symbols: true,
      insisted: true,
    }),
  ),
  /** Models to backtest that exist already; empty when the batch trains them. */
  models: z.array(
    BacktestRequest.pick({
      strategy: true,
      strategySha256: true,
      symbol: true,
      timeframe: true,
      modelPath: true,
      trainingJobId: true,
      insisted: true,
    }),
  ),
  periods: z.array(BatchPeriod),
  /** How many trainings of each combination. */
  draws: z.number(),
  /** Costs of the backtests; null when nothing is backtested. */
  costs: Costs.nullable(),
  /** How many jobs of the batch may be open at the same time. */
  atOnce: z.number(),
  /** When more items have failed, no further ones are begun. */
  maxFailures: z.number(),
});
export type BatchRequest = Stored<typeof BatchRequest>;

export const BatchResult = z.strictObject({
  kind: z.literal("batch"),
  /** All items of the batch. The counts below leave out items that were never begun. */
  items: z.number(),
  completed: z.number(),
  failed: z.number(),
  cancelled: z.number(),
  /** Items whose jobs were all known before. */
  reused: z.number(),
  /** Median and range, when the batch is several draws of one training on the same dates; else null. */
  draws: z
    .strictObject({ sharpe: Spread.nullable(), validationLoss: Spread.nullable(), testAccuracy: Spread.nullable() })
    .nullable(),
  ...ORIGIN,
});
export type BatchResult = Stored<typeof BatchResult>;

export const batch = defineKind({
  name: "batch",
  prefix: "batch",
  workflow: "runBatch",
  computing: null,
  request: BatchRequest,
  result: BatchResult,
  subject,
  summary: (request) => {
    const { symbol, timeframe } = subject(request);
    return `batch: ${request.work}, ${sizeOf(request)} items on ${symbol} ${timeframe}`;
  },
  computations: (request) => Math.min(request.atOnce, sizeOf(request)),
  insisted: ({ strategies, models }) => [...strategies, ...models].flatMap(({ insisted = [] }) => insisted),
  headline: ({ items, completed, failed, cancelled, reused, draws }) =>
    [
      `${completed} of ${items} items completed`,
      ...(reused === 0 ? [] : [`${reused} of them known before`]),
      ...(failed === 0 ? [] : [`${failed} failed`]),
      ...(cancelled === 0 ? [] : [`${cancelled} cancelled`]),
      ...(draws === null ? [] : drawsText(draws)),
    ].join(", "),
  told: ({ items, completed, failed, cancelled, reused }) => ({
    figures: { items, completed, failed, cancelled, reused },
  }),
  origin: () => ({}),
  startedBy: ["start_batch", "train_model", "run_backtest"],
  again:
    "To go on with it, call start_batch with another at_once or max_failures: what was computed is not computed again.",
  mend: "get_results with this task_id shows what there is; mend the cause, and start another batch: what is done is not done again.",
  next: "compare_results for the best of them; save_insight with what it taught.",
});

/** In the place of a symbol or timeframe when the items have different ones. */
export const SEVERAL = "several";

/** Only what all items have in common. */
function subject({ strategies, models }: BatchRequest): Subject {
  const parts = [...strategies, ...models];
  const shared = (of: (part: (typeof parts)[number]) => string) => {
    const values = new Set(parts.map(of));
    return values.size === 1 ? ([...values][0] ?? null) : null;
  };
  return {
    strategy: shared(({ strategy }) => strategy),
    symbol: shared(({ symbol }) => symbol) ?? SEVERAL,
    timeframe: shared(({ timeframe }) => timeframe) ?? SEVERAL,
  };
}

/** Median and range of what was computed last. */
function drawsText({ sharpe, validationLoss, testAccuracy }: NonNullable<BatchResult["draws"]>): string[] {
  const of = (name: string, values: Spread | null, format: (value: number) => string): string[] =>
    values === null
      ? []
      : [`median ${name} ${format(values.median)} (draws ${format(values.min)} to ${format(values.max)})`];
  if (sharpe !== null) return of("Sharpe", sharpe, (value) => value.toFixed(2));
  return [...of("validation loss", validationLoss, lossText), ...of("test accuracy", testAccuracy, percentText)];
}
