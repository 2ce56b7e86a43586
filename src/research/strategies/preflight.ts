import { DomainError, isDomainError } from "../../domain/errors.ts";
import { coverageOf, spanOf, toEpochMs, type DateWindow } from "../../domain/market-data.ts";
import type { DataRange } from "../../ktrdr/data.ts";
import type { StrategyFile } from "../../strategies/strategy-folder.ts";
import type { JobRecord } from "../../store/job-row.ts";
import { assertOpenDays } from "../holdout/unkept.ts";
import { strategyHash } from "../memory/manifest.ts";
import type { Deps } from "../ports.ts";

const SHOWN_NAMES = 20;
/** KTRDR trades nothing in the first bars of a backtest (docs/ktrdr.md §6.2). */
const WARM_UP_BARS = 50;

/** @throws DomainError `invalid_input` */
export function checkOrder({ startDate, endDate }: DateWindow): void {
  if (toEpochMs(startDate) <= toEpochMs(endDate)) return;
  throw new DomainError("invalid_input", {
    what: "start_date must not be after end_date.",
    why: `${startDate} is after ${endDate}`,
    next: "swap or correct the dates",
  });
}

/**
 * The strategy's file.
 * @throws DomainError `strategy_not_found` naming what is there, or `folder_unavailable`
 */
export async function readStrategy(deps: Deps, name: string): Promise<StrategyFile> {
  try {
    return await deps.strategies.read(name);
  } catch (error) {
    if (!isDomainError(error, "strategy_not_found")) throw error;
    const names = (await deps.strategies.list().catch(() => [])).map((file) => file.name);
    throw new DomainError("strategy_not_found", {
      what: `There is no strategy "${name}".`,
      valid: names.slice(0, SHOWN_NAMES),
      next: "list_strategies shows them all; create_strategy makes a new one",
      cause: error,
    });
  }
}

/** Checks that the file still has a training's text: KTRDR computes from the file. @throws DomainError `strategy_changed` */
export async function assertSameText(deps: Deps, job: JobRecord): Promise<void> {
  if (job.kind !== "training") return;
  const [file, wanted] = await Promise.all([readStrategy(deps, job.strategy ?? ""), strategyHash(deps, job)]);
  if (wanted === null || file.sha256 === wanted) return;
  throw new DomainError("strategy_changed", {
    what: `The strategy ${file.name} has another text now than the one this job ran.`,
    why: `it ran the sha256 ${wanted}; the file has ${file.sha256}`,
    next: `get_strategy with version ${wanted} shows that text; create_strategy with overwrite brings it back`,
  });
}

/**
 * Checks that stored bars cover the dates.
 * @returns what is stored for the pair
 * @throws DomainError `data_not_found` with the dates that would be valid
 */
export async function checkData(
  deps: Deps,
  market: { symbol: string; timeframe: string },
  window: DateWindow,
  signal: AbortSignal,
): Promise<DataRange> {
  await assertOpenDays(deps, market, window);
  const read = () => deps.reads.range(market.symbol, market.timeframe, signal);
  const covers = (range: DataRange) => coverageOf(window, { ...market, ...range }) === "inside";
  const known = await read();
  if (covers(known)) return known;
  // Bars may have been loaded since the range was cached.
  deps.reads.invalidate(market.symbol);
  const range = await read();
  if (covers(range)) return range;
  const [first, last] = [range.startDate.slice(0, 10), range.endDate.slice(0, 10)];
  throw new DomainError("data_not_found", {
    what: `The stored bars of ${market.symbol} ${market.timeframe} do not cover ${window.startDate} to ${window.endDate}.`,
    why: `bars are stored from ${first} to ${last}`,
    valid: [`start_date from ${first}`, `end_date to ${last}`],
    next: "choose dates inside, or fetch more with load_market_data (mode backfill or tail)",
  });
}

/** A warning when the window holds too few bars to trade after the warm-up. Estimated from the stored density. */
export function fewBarsWarning(range: DataRange, window: DateWindow): string[] {
  const span = toEpochMs(range.endDate) - toEpochMs(range.startDate);
  const bars = span > 0 ? Math.round((range.points * spanOf(window)) / span) : 0;
  if (bars >= 2 * WARM_UP_BARS) return [];
  return [`The window holds about ${bars} bars; the first ${WARM_UP_BARS} are warm-up and are not traded.`];
}
