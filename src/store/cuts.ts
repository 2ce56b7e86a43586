import { z } from "zod";
import { isDomainError } from "../domain/errors.ts";
import type { Cut } from "../domain/holdout/holdout.ts";
import { select, type Pool } from "./pool.ts";

const CutRow = z.object({ symbol: z.string(), timeframe: z.string(), startDate: z.string() });

/** Milliseconds that an answer is kept; after an outage longer, because each question may then take seconds. */
const KEPT_MS = 2_000;
const KEPT_AFTER_OUTAGE_MS = 30_000;

/**
 * Where holdouts begin, asked for at most once in two seconds. While PostgreSQL is away, what was known last counts: the
 * price files themselves are divided, so that nothing is shown by it.
 */
export function followCuts(pool: Pool): () => Promise<readonly Cut[]> {
  let known: Promise<readonly Cut[]> = Promise.resolve([]);
  let askAt = Number.NEGATIVE_INFINITY;
  const ask = async (before: readonly Cut[]): Promise<readonly Cut[]> => {
    try {
      return await select(pool, CutRow, "select symbol, timeframe, start_date from holdouts");
    } catch (error) {
      if (!isDomainError(error, "database_unavailable")) throw error;
      askAt = performance.now() + KEPT_AFTER_OUTAGE_MS;
      return before;
    }
  };
  return async () => {
    if (performance.now() >= askAt) {
      askAt = performance.now() + KEPT_MS;
      known = known.then(ask, () => ask([]));
    }
    return await known;
  };
}
