/** What a batch consists of. Zod-free: workflows go through the same items in the same order. */
import type { BacktestRequest } from "./kinds/backtest.ts";
import type { BatchRequest } from "./kinds/batch.ts";
import type { TrainingRequest } from "./kinds/training.ts";

/** A training, a backtest, or a training and the backtest of its model. */
export interface BatchItem {
  /** 0-based place in the batch. */
  readonly n: number;
  readonly training: TrainingRequest | null;
  readonly backtest: BacktestRequest | BacktestToBe | null;
}

/** A backtest whose model is trained first. */
export type BacktestToBe = Omit<BacktestRequest, "modelPath" | "trainingJobId"> & { readonly modelPath: null };

/** More would make the record of the batch unwieldy. */
export const MOST_ITEMS = 1_000;

/** Every combination. The draws vary fastest, then the periods: what is compared is computed one after the other. */
export function itemsOf(batch: BatchRequest): readonly BatchItem[] {
  return (batch.work === "backtest" ? backtestsOf(batch) : trainingsOf(batch)).map((item, n) => ({ n, ...item }));
}

type Item = Omit<BatchItem, "n">;

function trainingsOf({ strategies, periods, draws, work, costs }: BatchRequest): Item[] {
  return strategies.flatMap(({ symbols, ...part }) =>
    periods.flatMap(({ train, test }) =>
      train === null
        ? []
        : Array.from({ length: draws }, (_, at): Item => ({
            training: {
              kind: "training",
              ...part,
              ...(symbols === undefined ? {} : { symbols }),
              ...train,
              draw: at + 1,
            },
            backtest:
              work === "train" || test === null || costs === null
                ? null
                : { kind: "backtest", ...part, ...test, ...costs, modelPath: null },
          })),
    ),
  );
}

const backtestsOf = ({ models, periods, costs }: BatchRequest): Item[] =>
  models.flatMap((model) =>
    periods.flatMap(({ test }) =>
      test === null || costs === null
        ? []
        : [{ training: null, backtest: { kind: "backtest" as const, ...model, ...test, ...costs } }],
    ),
  );

/** Several draws of one training, all open at once. The batch fails only when no draw leaves a model. */
export function repeated(training: Omit<TrainingRequest, "draw">, repeats: number): BatchRequest {
  const { kind: _kind, startDate, endDate, ...part } = training;
  return {
    kind: "batch",
    work: "train",
    strategies: [part],
    models: [],
    periods: [{ train: { startDate, endDate }, test: null }],
    draws: repeats,
    costs: null,
    atOnce: repeats,
    maxFailures: repeats - 1,
  };
}

/** How many items a batch has, without making them. */
export const sizeOf = ({ work, strategies, models, periods, draws }: BatchRequest): number =>
  work === "backtest" ? models.length * periods.length : strategies.length * periods.length * draws;
