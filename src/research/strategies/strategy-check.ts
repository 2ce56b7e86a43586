import { LRUCache } from "lru-cache";
import { DomainError } from "../../domain/errors.ts";
import {
  isSymbol,
  isTimeframe,
  toBars,
  type DataRange,
  type DateWindow,
  type Timeframe,
} from "../../domain/market-data.ts";
import type { TrainingRequest } from "../../domain/kinds/training.ts";
import type { Finding } from "../../domain/strategy/finding.ts";
import { parseStrategy } from "../../domain/strategy/parse.ts";
import { firstMarket, strategyMarket } from "../../domain/strategy/market.ts";
import { validateStrategy } from "../../domain/strategy/validate.ts";
import type { Bars } from "../../ktrdr/data.ts";
import type { StrategyFile } from "../../strategies/strategy-folder.ts";
import type { BarsRead } from "./bar-check.ts";
import { clear, type Checked } from "./clearance.ts";

export interface Market {
  readonly symbol: string;
  /** Symbols that are trained on together; absent for one. */
  readonly symbols?: readonly string[];
  readonly timeframe: Timeframe;
}

/**
 * The market of a training: the symbols that the caller names, else the strategy's own, on its timeframe.
 * @throws DomainError `strategy_invalid` when the file cannot be read, `invalid_input` when neither names a market, or
 *   when the caller names a timeframe that the strategy's features are not made of, on which KTRDR fails
 */
export function marketOf(
  file: StrategyFile,
  given: { readonly symbols: readonly string[] | undefined; readonly timeframe: Timeframe | undefined },
): Market {
  const parsed = parseStrategy(file.text);
  if (!parsed.ok) clear([subjectOf(file.name, parsed.findings, true)], {});
  const { symbols: named, timeframe: own } = strategyMarket(parsed.ok ? parsed.text.value : {});
  const symbols = [...new Set(given.symbols ?? named)];
  const market = firstMarket({ symbols, timeframe: own });
  if (given.timeframe !== undefined && own !== null && given.timeframe !== own) {
    throw new DomainError("invalid_input", {
      what: `The strategy ${file.name} works on ${own}, not on ${given.timeframe}.`,
      why: "its features are made of the timeframes in its text; KTRDR fails on bars of another",
      next: `leave timeframe out, or make a variation with mutate_strategy: set training_data.timeframes.timeframe`,
    });
  }
  if (market !== null && symbols.every(isSymbol)) return { ...market, ...(symbols.length === 1 ? {} : { symbols }) };
  throw new DomainError("invalid_input", {
    what: `The strategy ${file.name} names no usable ${isTimeframe(own) ? "symbol" : "timeframe"}.`,
    next: isTimeframe(own) ? "give symbol, or mend training_data" : "mend training_data.timeframes of the strategy",
  });
}

export type StrategyText = Pick<StrategyFile, "name" | "text" | "sha256">;

/** What is known of the planned training. */
interface Given {
  readonly window?: DateWindow;
  readonly range?: DataRange | undefined;
  readonly bars?: Bars | undefined;
  readonly symbols?: readonly string[];
}

/** The strategy's findings, for `clear`. With bars, label classes are counted on them too. */
export function strategySubject(file: StrategyText, given: Given = {}): Checked {
  const { findings, summary } = judged(file, given);
  return subjectOf(file.name, findings, summary === null);
}

/** The timeframes that a strategy reads beside the one that it learns on. */
export const slowerTimeframes = (file: StrategyText): readonly string[] => judged(file, {}).summary?.slower ?? [];

/** The bars that a training of a strategy reads: of each symbol, with the timeframes beside. */
export function barsRead(
  file: StrategyText,
  { symbol, symbols = [symbol], timeframe }: Pick<TrainingRequest, "symbol" | "symbols" | "timeframe">,
): readonly BarsRead[] {
  const slower = slowerTimeframes(file);
  return symbols.map((one) => ({ symbol: one, timeframe, slower }));
}

/** Findings of a strategy, saved or not. */
export const subjectOf = (name: string, findings: readonly Finding[], unusable: boolean): Checked => ({
  name: `The strategy ${name}`,
  findings,
  code: "strategy_invalid",
  next: "validate_strategy lists every finding; mend them (create_strategy, mutate_strategy) and call again",
  unusable,
});

type Judgement = ReturnType<typeof validateStrategy>;

const NO_BARS: Bars = { times: [], ohlcv: [] };
/**
 * Judging is pure, so each judgement is kept as long as somebody keeps the bars it was made on. The same bars read again
 * are the same object (ktrdr/cached-reads.ts); two objects may differ in any bar.
 */
const JUDGED = new WeakMap<Bars, LRUCache<string, Judgement>>();

function judged(file: StrategyText, { window, range, bars = NO_BARS, symbols }: Given): Judgement {
  const known = JUDGED.get(bars) ?? new LRUCache<string, Judgement>({ max: 200 });
  JUDGED.set(bars, known);
  const key = JSON.stringify([file.name, file.sha256, window, range, symbols]);
  const judgement =
    known.get(key) ??
    validateStrategy({
      text: file.text,
      fileName: file.name,
      window,
      range,
      symbols,
      bars: bars === NO_BARS ? undefined : toBars(bars),
    });
  known.set(key, judgement);
  return judgement;
}
