/** The bars of a market, judged before anything is computed on them or shown of them. */
import { within, type BarHealth } from "../../domain/bars/defect.ts";
import { barFindings } from "../../domain/bars/words.ts";
import { DomainError, isDomainError } from "../../domain/errors.ts";
import { symbolAdvice, toEpochMs, type DateWindow } from "../../domain/market-data.ts";
import type { Finding } from "../../domain/strategy/finding.ts";
import type { DataRange } from "../../ktrdr/data.ts";
import { clear, type Subject, type Will } from "./clearance.ts";
import type { Deps } from "../ports.ts";
import { checkData } from "./preflight.ts";

export interface MarketName {
  readonly symbol: string;
  readonly timeframe: string;
}

/** Milliseconds from the first instant of a day to its last whole second. */
const TO_DAYS_END = 86_399_000;

/**
 * What is wrong with the bars of a window: nothing that lies elsewhere in the file.
 * @throws DomainError when neither the file nor KTRDR can be asked
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

/** Of a market that has a price file of this name. */
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

const subjectOf = ({ symbol, timeframe }: MarketName, findings: readonly Finding[]): Subject => ({
  name: `The price file of ${symbol} ${timeframe}`,
  findings,
  code: "bars_unsound",
  next: `mend the file, or choose dates without these bars (list_market_data with symbol ${symbol} shows what is wrong)`,
});

/**
 * The same of several markets, whose own findings say which. One that is not stored has no bars to judge.
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
 * The bars of a market on the dates of a job, to be cleared before its start; and what is stored. `slower`: timeframes that
 * the strategy reads beside.
 * @throws DomainError `data_not_found`; of the file itself where it is the reason for that
 */
export async function checkBars(
  deps: Deps,
  market: MarketName & { readonly slower?: readonly string[] },
  window: DateWindow,
  will: Will,
  signal: AbortSignal,
): Promise<{ readonly range: DataRange; readonly subject: Subject }> {
  const [range, found] = await Promise.allSettled([
    checkData(deps, market, window, signal),
    barsFound(deps, market, window, signal),
  ]);
  if (range.status === "rejected") {
    // A file whose times KTRDR cannot read has no range either.
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

/** Null for bars that KTRDR's API refuses: the bad ones are told by `barsFound`. */
export async function unlessRefused<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof DomainError && error.code === "bars_refused") return null;
    throw error;
  }
}
