import { MOST_ITEMS, sizeOf } from "../../domain/batch.ts";
import { DomainError } from "../../domain/errors.ts";
import type { BatchRequest } from "../../domain/kinds/batch.ts";
import { plannedBatch, type Wish } from "./batch-plan.ts";
import type { Asking } from "../asking.ts";
import { startJob } from "./start-job.ts";

/** Below that of single jobs, which somebody waits for. */
const PRIORITY = 4;

interface BatchWish extends Wish, Pick<BatchRequest, "draws" | "atOnce" | "maxFailures"> {
  readonly experimentId: string | undefined;
}

/**
 * Starts a batch, or finds the same one.
 * @throws DomainError of the plan or the start
 */
export async function startBatchJob(context: Asking, wish: BatchWish) {
  const { work, periods, draws, costs, atOnce, maxFailures, experimentId } = wish;
  const { strategies, models, check } = await plannedBatch(context, wish);
  const request: BatchRequest = {
    kind: "batch",
    work,
    strategies,
    models,
    periods,
    draws: work === "backtest" ? 1 : draws,
    costs: work === "train" ? null : costs,
    atOnce,
    maxFailures,
  };
  const items = sizeOf(request);
  if (items > MOST_ITEMS) throw tooMany(items);
  const answer = await startJob(context, {
    request,
    forceReason: null,
    experimentId,
    priority: PRIORITY,
    preflight: async () => {
      const { warnings, ...parts } = await check();
      return { request: { ...request, ...parts }, warnings };
    },
  });
  return { ...answer, items };
}

const tooMany = (items: number) =>
  new DomainError("invalid_input", {
    what: `That would be ${items} items; a batch has at most ${MOST_ITEMS}.`,
    next: "divide it, or begin with fewer draws, periods or strategies",
  });
