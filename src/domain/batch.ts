/** What a batch or a measurement consists of. Zod-free: workflows go through the same items in the same order. */
import type { BacktestRequest } from "./kinds/backtest.ts";
import type { BatchRequest } from "./kinds/batch.ts";
import type { JobRequest } from "./kinds/index.ts";
import type { MeasurementRequest } from "./kinds/measurement.ts";
import type { TrainingRequest } from "./kinds/training.ts";

/** A job that is made of other jobs, its items. */
export type ManyRequest = BatchRequest | MeasurementRequest;

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

/**
 * Of a batch every combination. The draws vary fastest, then the periods: what is compared is computed one after the
 * other. Of a measurement the prefixes, the whole backtest last.
 */
export function itemsOf(many: ManyRequest): readonly BatchItem[] {
  const items =
    many.kind === "measurement" ? prefixesOf(many) : many.work === "backtest" ? backtestsOf(many) : trainingsOf(many);
  return items.map((item, n) => ({ n, ...item }));
}

/** How many items may be open at the same time, and how many may fail before no others are begun. */
export const boundsOf = (many: ManyRequest): Pick<BatchRequest, "atOnce" | "maxFailures"> =>
  many.kind === "measurement" ? MEASURING : many;

/** A point more or less changes little; when more are missing, there is something wrong. */
const MEASURING = { atOnce: 4, maxFailures: 3 };

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

const prefixesOf = ({ ends, ...measured }: MeasurementRequest): Item[] =>
  ends.map((endDate) => ({ training: null, backtest: { ...measured, kind: "backtest" as const, endDate } }));

/** Whether an item is the whole backtest of a measurement, which proves that its model is the one on record. */
export const isProof = (many: ManyRequest, n: number): boolean =>
  many.kind === "measurement" && n === many.ends.length - 1;

/** The backtest that this job measures as a prefix; null for every other job. */
export const prefixOf = (request: JobRequest): string | null =>
  request.kind === "backtest" ? (request.measures ?? null) : null;

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

/** How many items a batch or a measurement has, without making them. */
export function sizeOf(many: ManyRequest): number {
  if (many.kind === "measurement") return many.ends.length;
  const { work, strategies, models, periods, draws } = many;
  return work === "backtest" ? models.length * periods.length : strategies.length * periods.length * draws;
}
