import { LRUCache } from "lru-cache";
import { DomainError } from "../domain/errors.ts";
import {
  isSymbol,
  isTimeframe,
  type Bar,
  type DataRange,
  type DateWindow,
  type Timeframe,
} from "../domain/market-data.ts";
import type { Finding } from "../domain/strategy/finding.ts";
import { parseStrategy } from "../domain/strategy/parse.ts";
import { validateStrategy } from "../domain/strategy/validate.ts";
import type { Bars } from "../ktrdr/data.ts";
import type { StrategyFile } from "../ktrdr/strategy-folder.ts";
import { clear, type Subject } from "./clearance.ts";

export interface Market {
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

/**
 * The market a job is about: what the caller names, else the strategy's own first symbol and timeframe.
 * @throws DomainError `strategy_invalid` when the file cannot be read, `invalid_input` when neither names a market
 */
export function marketOf(
  file: StrategyFile,
  given: { readonly symbol: string | undefined; readonly timeframe: Timeframe | undefined },
): Market {
  const own = given.symbol !== undefined && given.timeframe !== undefined ? {} : ownMarket(file);
  const symbol = given.symbol ?? own.symbol;
  const timeframe = given.timeframe ?? own.timeframe;
  if (symbol !== undefined && timeframe !== undefined) return { symbol, timeframe };
  throw new DomainError("invalid_input", {
    what: `The strategy ${file.name} names no usable ${symbol === undefined ? "symbol" : "timeframe"}.`,
    next: "give symbol and timeframe in this call, or mend training_data of the strategy",
  });
}

function ownMarket(file: StrategyFile): { symbol?: string; timeframe?: Timeframe } {
  const parsed = parseStrategy(file.text);
  if (!parsed.ok) {
    clear([subjectOf(file.name, parsed.findings, true)], {});
    return {};
  }
  const data = field(parsed.text.value, "training_data");
  const [symbols, timeframes] = [field(data, "symbols"), field(data, "timeframes")];
  const symbol = field(symbols, "symbol") ?? first(field(symbols, "list"));
  const timeframe =
    field(timeframes, "timeframe") ?? field(timeframes, "base_timeframe") ?? first(field(timeframes, "list"));
  return { ...(isSymbol(symbol) ? { symbol } : {}), ...(isTimeframe(timeframe) ? { timeframe } : {}) };
}

const field = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;

const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : undefined);

/** The strategy's findings, to be cleared before a start; with bars, label classes are counted on them too. */
export function strategySubject(
  file: StrategyFile,
  given: { readonly window?: DateWindow; readonly range?: DataRange; readonly bars?: Bars } = {},
): Subject {
  const { findings, summary } = judged(file, given);
  return subjectOf(file.name, findings, summary === null);
}

/** Findings of a strategy, saved or not. */
export const subjectOf = (name: string, findings: readonly Finding[], unusable: boolean): Subject => ({
  name: `The strategy ${name}`,
  findings,
  code: "strategy_invalid",
  next: "validate_strategy lists every finding; mend them (create_strategy, mutate_strategy) and call again",
  unusable,
});

/** Judging is pure, and counting label classes over thousands of bars is most of what starting a job costs. */
const JUDGED = new LRUCache<string, Judgement>({ max: 200 });
type Judgement = ReturnType<typeof validateStrategy>;

function judged(
  file: StrategyFile,
  { window, range, bars }: { readonly window?: DateWindow; readonly range?: DataRange; readonly bars?: Bars },
): Judgement {
  const last = bars?.times.at(-1) ?? "";
  const key = JSON.stringify([file.name, file.sha256, window, range, bars?.times.length, last, bars?.ohlcv.at(-1)]);
  const known = JUDGED.get(key);
  if (known !== undefined) return known;
  const judgement = validateStrategy({
    text: file.text,
    fileName: file.name,
    window,
    range,
    bars: bars === undefined ? undefined : barsOf(bars),
  });
  JUDGED.set(key, judgement);
  return judgement;
}

function barsOf({ times, ohlcv }: Bars): Bar[] {
  return ohlcv.map(([open, high, low, close, volume], index) => ({
    time: times[index] ?? "",
    open,
    high,
    low,
    close,
    volume,
  }));
}
