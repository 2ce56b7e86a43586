import { z } from "zod";
import { sizeOf } from "../batch.ts";
import type { BatchRequest, BatchResult } from "../kinds/batch.ts";
import type { Caveat, Engine } from "../result.ts";
import { OF_FULL_ONLY } from "./backtest-caveats.ts";
import { spread } from "../statistics.ts";
import type { Stored } from "../stored.ts";

/** How many items of a batch have which status. */
export const BatchCounts = z.object({
  completed: z.number(),
  failed: z.number(),
  cancelled: z.number(),
  running: z.number(),
  /** Completed items whose jobs were all known before. */
  reused: z.number(),
});
export type BatchCounts = Stored<typeof BatchCounts>;

/** What the record knows of an item. */
export interface ItemFigures {
  readonly sharpe: number | null;
  /** Ratio. */
  readonly testAccuracy: number | null;
  readonly finalValLoss: number | null;
  /** Codes of the caveats of its results. */
  readonly caveatCodes: readonly string[];
}

export const BEST_OF_MANY: Caveat = {
  code: "best_of_many",
  text: "The best of many looks better than it is: confirm it on days that none of them saw.",
};

/** Below this a median is little better than a single draw. */
const FEW_DRAWS = 5;

export function summariseBatch(
  request: BatchRequest,
  counts: BatchCounts,
  items: readonly ItemFigures[],
  engine: Engine,
): BatchResult {
  const { completed, failed, cancelled, reused } = counts;
  const alike = request.work !== "backtest" && request.strategies.length * request.periods.length === 1;
  return {
    kind: "batch",
    items: sizeOf(request),
    completed,
    failed,
    cancelled,
    reused,
    draws: alike ? drawsOf(items) : null,
    caveats: caveatsOf(request, counts, items),
    engine,
  };
}

const drawsOf = (items: readonly ItemFigures[]): BatchResult["draws"] => ({
  sharpe: spread(items.map(({ sharpe }) => sharpe)),
  validationLoss: spread(items.map(({ finalValLoss }) => finalValLoss)),
  testAccuracy: spread(items.map(({ testAccuracy }) => testAccuracy)),
});

function caveatsOf(request: BatchRequest, counts: BatchCounts, items: readonly ItemFigures[]): Caveat[] {
  const { completed, failed, cancelled } = counts;
  const size = sizeOf(request);
  const notBegun = size - completed - failed - cancelled;
  const seen = Map.groupBy(
    items.flatMap(({ caveatCodes }) => [...new Set(caveatCodes)].filter((code) => !OF_FULL_ONLY.includes(code))),
    (code) => code,
  );
  // The caveat about draws already says it of the whole batch.
  seen.delete("one_draw");
  const named = [...seen].map(([code, { length }]) => `${code} (${length})`).toSorted();
  const caveats: readonly (Caveat | null)[] = [
    notBegun === 0 ? null : { code: "incomplete_batch", text: `${notBegun} of ${size} items were not begun.` },
    failed + cancelled === 0
      ? null
      : {
          code: "failed_items",
          text: `${failed + cancelled} of ${size} items did not finish; the figures are of the other ${completed}.`,
        },
    request.work === "backtest" || request.draws >= FEW_DRAWS
      ? null
      : {
          code: "few_draws",
          text: `${request.draws} draw(s) of each training are few: the true spread is likely wider than the one shown.`,
        },
    completed < 2 ? null : BEST_OF_MANY,
    named.length === 0 ? null : { code: "items_have_caveats", text: `Seen in single items: ${named.join(", ")}.` },
  ];
  return caveats.filter((one) => one !== null);
}
