/** What is known of a holdout, and what is said about the days that it keeps. Days are YYYY-MM-DD, UTC. Zod-free. */
import { DomainError } from "../errors.ts";
import type { BatchRequest } from "../kinds/batch.ts";
import type { DataLoadRequest } from "../kinds/data-load.ts";
import type { JobRequest } from "../kinds/index.ts";
import { powerOfLook } from "../luck/luck.ts";
import { lookLevel } from "./spending.ts";

/** One timeframe of a symbol, and the day from which on its bars are kept back. */
export interface Cut {
  readonly symbol: string;
  readonly timeframe: string;
  /** The first day that is kept back. */
  readonly startDate: string;
}

/** A holdout's file as it was left. Days are YYYY-MM-DD. */
export interface KeptFile {
  readonly firstDay: string;
  readonly lastDay: string;
  /** From the first bar that is kept back to the last. */
  readonly years: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** KTRDR trades nothing in the first bars (docs/ktrdr.md §6.2): so many older ones stand before those that are kept back. */
export const LEAD_BARS = 50;

/** Below it a holdout fails many good strategies. */
export const ENOUGH_YEARS = 5;

const DAY_MS = 86_400_000;

export const dayBefore = (day: string): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) - DAY_MS).toISOString().slice(0, 10);

/** The error for days that are kept back. */
export const keptBack = ({ symbol, timeframe, startDate }: Cut): DomainError =>
  new DomainError("data_not_found", {
    what: `${symbol} ${timeframe} ends on ${dayBefore(startDate)}: what comes after is kept as the holdout.`,
    valid: [`end_date to ${dayBefore(startDate)}`],
    next: "choose dates up to that day; evaluate_on_holdout examines a finished backtest on the rest",
  });

/** The cut of these bars; null when nothing of them is kept back. */
export const cutOf = <C extends Cut>(cuts: readonly C[], symbol: string, timeframe: string): C | null =>
  cuts.find((cut) => cut.symbol === symbol.toUpperCase() && cut.timeframe === timeframe) ?? null;

/**
 * Why a request may not be computed: it reaches into days that are kept back. A look at a holdout may; a data load may
 * bring what is moved behind the lock afterwards, and nothing else.
 * @returns null when it stays before every cut
 */
export function reachesKept(request: JobRequest, cuts: readonly Cut[]): DomainError | null {
  switch (request.kind) {
    case "training":
      return reached(cuts, request.symbols ?? [request.symbol], request.timeframe, request.endDate);
    case "backtest":
    case "measurement":
    case "walk_forward":
    case "campaign":
      return reached(cuts, [request.symbol], request.timeframe, request.endDate);
    case "batch":
      return reachedByBatch(request, cuts);
    case "data_load":
      return loadsKept(request, cuts);
    case "holdout":
      return null;
  }
}

function reached(cuts: readonly Cut[], symbols: readonly string[], timeframe: string, endDate: string) {
  const cut = symbols
    .map((symbol) => cutOf(cuts, symbol, timeframe))
    .find((one) => one !== null && endDate.slice(0, 10) >= one.startDate);
  return cut == null ? null : keptBack(cut);
}

function reachedByBatch({ strategies, models, periods }: BatchRequest, cuts: readonly Cut[]): DomainError | null {
  const ends = periods.flatMap(({ train, test }) => [train, test]).flatMap((window) => window?.endDate ?? []);
  const last = ends.toSorted().at(-1) ?? "";
  for (const part of [...strategies, ...models]) {
    const symbols = "symbols" in part && part.symbols !== undefined ? part.symbols : [part.symbol];
    const error = reached(cuts, symbols, part.timeframe, last);
    if (error !== null) return error;
  }
  return null;
}

/** The same days must not come in on another timeframe, where nothing would move them behind the lock. */
function loadsKept({ symbol, timeframe, endDate }: DataLoadRequest, cuts: readonly Cut[]): DomainError | null {
  if (cutOf(cuts, symbol, timeframe) !== null) return null;
  const cut = cuts.find((one) => one.symbol === symbol.toUpperCase() && (endDate ?? one.startDate) >= one.startDate);
  if (cut === undefined) return null;
  return new DomainError("holdout_locked", {
    what: `Days of ${cut.symbol} from ${cut.startDate} on are kept as the holdout, and ${timeframe} bars of them would be open.`,
    valid: [`end_date to ${dayBefore(cut.startDate)}`],
    next: `load up to that day, or ask the operator for a holdout of ${cut.symbol} ${timeframe} too`,
  });
}

/** What a holdout of so many years can show, for its operator. */
export function powerLines(years: number, alpha: number): string[] {
  const first = lookLevel(alpha, 1, 0);
  const percent = (ratio: number) => `${(ratio * 100).toFixed(0)} %`;
  const lines = [
    `A strategy with a true Sharpe ratio of 1 passes a look over these ${years.toFixed(1)} years in ${percent(powerOfLook(1, years, alpha))} of all cases at the level ${alpha}, and in ${percent(powerOfLook(1, years, first))} at the first look's level ${first.toFixed(4)}.`,
  ];
  return years >= ENOUGH_YEARS
    ? lines
    : [
        ...lines,
        `WARNING: below ${ENOUGH_YEARS} years a holdout fails many good strategies. An earlier day keeps more.`,
      ];
}
