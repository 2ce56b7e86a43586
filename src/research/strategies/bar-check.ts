/** Judges the bars of a market before anything is computed on them or shown. */
import { within, type BarHealth } from "../../domain/bars/defect.ts";
import { barFindings } from "../../domain/bars/words.ts";
import { DomainError, isDomainError } from "../../domain/errors.ts";
import { symbolAdvice, toEpochMs, type DateWindow } from "../../domain/market-data.ts";
import type { Finding } from "../../domain/strategy/finding.ts";
import type { DataRange } from "../../ktrdr/data.ts";
import { clear, type Checked, type Will } from "./clearance.ts";
import type { Deps } from "../ports.ts";
import { checkData } from "./preflight.ts";

export interface MarketName {
  readonly symbol: string;
  readonly timeframe: string;
}

/** What one job reads of one symbol. `slower`: timeframes that a strategy reads beside. */
export interface BarsRead extends MarketName {
  readonly slower?: readonly string[];
}

/** Milliseconds from the first instant of a day to its last whole second. */
const TO_DAYS_END = 86_399_000;

/**
 * The defects of the bars in a window; those elsewhere in the file are left out.
 * @throws DomainError when neither the file can be read nor KTRDR asked
 */
export async function barsFound(
  deps: Deps,
  { symbol, timeframe }: MarketName,
  window: DateWindow | undefined,
  signal: AbortSignal,
): Promise<Finding[]> {
  const health = await deps.reads.health(symbol, timeframe, window ?? {}, signal);
  return barFindings(`${symbol} ${timeframe}`, inWindow(health, window));
}

function inWindow(health: BarHealth, window: DateWindow | undefined): BarHealth {
  if (window === undefined) return health;
  return within(health, toEpochMs(window.startDate), toEpochMs(window.endDate) + TO_DAYS_END);
}

/** Findings about the name of a price file. */
export function nameFindings({ symbol, timeframe }: MarketName): Finding[] {
  const advice = symbolAdvice(symbol);
  if (advice === null) return [];
  return [
    {
      severity: "error",
      code: "bars_file_name",
      where: `${symbol} ${timeframe}`,
      line: null,
      what: `The price file is named ${symbol}.`,
      why: "KTRDR's API does not find its bars, so labels cannot be counted and buy-and-hold is missing.",
      fix: advice,
    },
  ];
}

const subjectOf = ({ symbol, timeframe }: MarketName, findings: readonly Finding[]): Checked => ({
  name: `The price file of ${symbol} ${timeframe}`,
  findings,
  code: "bars_unsound",
  next: `mend the file, or choose dates without these bars (list_market_data with symbol ${symbol} shows what is wrong)`,
});

/**
 * The findings of several markets, each naming its market. A market that is not stored has none.
 * @throws DomainError when KTRDR does not answer
 */
export async function othersFound(
  deps: Deps,
  markets: readonly MarketName[],
  window: DateWindow | undefined,
  signal: AbortSignal,
): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const market of markets) {
    try {
      found.push(...(await barsFound(deps, market, window, signal)));
    } catch (error) {
      if (!isDomainError(error, "data_not_found", "ktrdr_rejected")) throw error;
    }
  }
  return found;
}

/**
 * Checks a market's bars on the dates of a job, before its start. Returns the findings and the stored range.
 * @throws DomainError `data_not_found`, or the error of the price file when that is the reason
 */
export async function checkBars(
  deps: Deps,
  market: BarsRead,
  window: DateWindow,
  will: Will,
  signal: AbortSignal,
): Promise<{ readonly range: DataRange; readonly subject: Checked }> {
  const [range, found] = await Promise.allSettled([
    checkData(deps, market, window, signal),
    barsFound(deps, market, window, signal),
  ]);
  if (range.status === "rejected") {
    // KTRDR has no range of a file whose times it cannot read.
    if (found.status === "fulfilled" && isDomainError(range.reason, "data_not_found", "ktrdr_rejected")) {
      clear([subjectOf(market, found.value)], will);
    }
    throw range.reason;
  }
  if (found.status === "rejected") throw found.reason;
  const beside = (market.slower ?? []).map((timeframe) => ({ symbol: market.symbol, timeframe }));
  const others = await othersFound(deps, beside, window, signal);
  return { range: range.value, subject: subjectOf(market, [...nameFindings(market), ...found.value, ...others]) };
}

/** Null for bars that KTRDR's API refuses; `barsFound` tells which are bad. */
export async function unlessRefused<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof DomainError && error.code === "bars_refused") return null;
    throw error;
  }
}
