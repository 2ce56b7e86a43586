/**
 * Reads that never show what is kept back as a holdout, also while its bars still lie in the open file (they do for a
 * moment after a data load).
 */
import { within } from "../domain/bars/defect.ts";
import { cutOf, dayBefore, keptBack, type Cut } from "../domain/holdout/holdout.ts";
import { assertOpen } from "../domain/holdout/symbol.ts";
import { toEpochMs } from "../domain/market-data.ts";
import type { CachedReads } from "./cached-reads.ts";
import type { BarWindow } from "./data.ts";

export interface GuardedReads extends CachedReads {
  /** Where holdouts begin. */
  cuts(): Promise<readonly Cut[]>;
}

/**
 * @param cuts all holdouts. When they cannot be had, those that were known last count: the files themselves are divided.
 */
export function guardReads(reads: CachedReads, cuts: () => Promise<readonly Cut[]>): GuardedReads {
  const cut = async (symbol: string, timeframe: string): Promise<Cut | null> => {
    assertOpen(symbol);
    return cutOf(await cuts(), symbol, timeframe);
  };
  const guarded: GuardedReads = {
    cuts,
    symbols: (signal) => reads.symbols(signal),
    invalidate: (symbol) => reads.invalidate(symbol),
    async range(symbol, timeframe, signal) {
      const known = await cut(symbol, timeframe);
      const range = await reads.range(symbol, timeframe, signal);
      if (known === null || range.endDate.slice(0, 10) < known.startDate) return range;
      const { times } = await guarded.bars(symbol, timeframe, {}, signal);
      return { startDate: times[0] ?? range.startDate, endDate: times.at(-1) ?? range.startDate, points: times.length };
    },
    async bars(symbol, timeframe, window, signal) {
      return await reads.bars(symbol, timeframe, before(await cut(symbol, timeframe), window), signal);
    },
    async health(symbol, timeframe, window, signal) {
      const known = await cut(symbol, timeframe);
      const health = await reads.health(symbol, timeframe, before(known, window), signal);
      return known === null ? health : within(health, Number.NEGATIVE_INFINITY, toEpochMs(known.startDate) - 1);
    },
    async calculate(request, signal) {
      const { startDate, endDate, ...rest } = request;
      const dates = {
        ...(startDate === undefined ? {} : { startDate }),
        ...(endDate === undefined ? {} : { endDate }),
      };
      const known = await cut(request.symbol, request.timeframe);
      return await reads.calculate({ ...rest, ...before(known, dates) }, signal);
    },
  };
  return guarded;
}

/** The part of a window before the cut. @throws DomainError `data_not_found` when there is none */
function before(cut: Cut | null, window: BarWindow): BarWindow {
  if (cut === null) return window;
  const { startDate, endDate } = window;
  if (startDate !== undefined && startDate.slice(0, 10) >= cut.startDate) throw keptBack(cut);
  const last = dayBefore(cut.startDate);
  return endDate !== undefined && endDate.slice(0, 10) <= last ? window : { ...window, endDate: last };
}
