/** What a batch, a measurement or a walk-forward consists of. Zod-free: workflows go through the same items in the same order. */
import type { BacktestRequest } from "./kinds/backtest.ts";
import type { BatchRequest } from "./kinds/batch.ts";
import type { JobRequest } from "./kinds/index.ts";
import type { MeasurementRequest } from "./kinds/measurement.ts";
import type { TrainingRequest } from "./kinds/training.ts";
import type { WalkForwardRequest } from "./kinds/walk-forward.ts";
import { walkItems, walkSize } from "./walk-forward/items.ts";

/** A job that is made of other jobs, its items. */
export type ManyRequest = BatchRequest | MeasurementRequest | WalkForwardRequest;

export const isMany = (request: JobRequest): request is ManyRequest =>
  request.kind === "batch" || request.kind === "measurement" || request.kind === "walk_forward";

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
  return partsOf(many).map((item, n) => ({ n, ...item }));
}

function partsOf(many: ManyRequest): readonly Item[] {
  switch (many.kind) {
    case "batch":
      return many.work === "backtest" ? backtestsOf(many) : trainingsOf(many);
    case "measurement":
      return prefixesOf(many);
    case "walk_forward":
      return walkItems(many);
  }
}

/** How many items may be open at the same time, and how many may fail before no others are begun. */
export function boundsOf(many: ManyRequest): Pick<BatchRequest, "atOnce" | "maxFailures"> {
  if (many.kind === "batch") return many;
  // When all draws of a window have failed, there is nothing to stitch.
  return many.kind === "measurement" ? MEASURING : { atOnce: WALKING_AT_ONCE, maxFailures: many.draws };
}

/** A point more or less changes little; when more are missing, there is something wrong. */
const MEASURING = { atOnce: 4, maxFailures: 3 };
const WALKING_AT_ONCE = 4;

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

/**
 * What a job is that is no run of its own: a prefix of a backtest, a window of a walk-forward, or a watch of a champion's
 * days after its approval. Null for all others.
 */
export function partOf(request: JobRequest): "prefix" | "window" | "watch" | null {
  if (request.kind !== "backtest") return null;
  if (request.measures !== undefined) return "prefix";
  if (request.walks !== undefined) return "window";
  return request.watches === undefined ? null : "watch";
}

/** The champion whose days after its approval this job watches; null for every other job. */
export const championOf = (request: JobRequest): string | null =>
  request.kind === "backtest" ? (request.watches ?? null) : null;

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

/** How many items it has, without making them. */
export function sizeOf(many: ManyRequest): number {
  if (many.kind === "measurement") return many.ends.length;
  if (many.kind === "walk_forward") return walkSize(many);
  const { work, strategies, models, periods, draws } = many;
  return work === "backtest" ? models.length * periods.length : strategies.length * periods.length * draws;
}
