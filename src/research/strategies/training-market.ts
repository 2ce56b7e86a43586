/** Which market a training of a strategy reads. */
import { DomainError } from "../../domain/errors.ts";
import { assertOpen } from "../../domain/holdout/symbol.ts";
import type { TrainingRequest } from "../../domain/kinds/training.ts";
import { isSymbol, isTimeframe, type Timeframe } from "../../domain/market-data.ts";
import { firstMarket, strategyMarket } from "../../domain/strategy/market.ts";
import { parseStrategy } from "../../domain/strategy/parse.ts";
import type { StrategyFile } from "../../strategies/strategy-folder.ts";
import type { BarsRead } from "./bar-check.ts";
import type { Deps } from "../ports.ts";
import { clear } from "./clearance.ts";
import { assertOpenStrategy, subjectOf } from "./strategy-check.ts";

/** A strategy, saved or inside a model. */
export type StrategyText = Pick<StrategyFile, "name" | "text">;

export interface Market {
  readonly symbol: string;
  /** Symbols that are trained on together; absent for one. */
  readonly symbols?: readonly string[];
  readonly timeframe: Timeframe;
}

/**
 * The market of a training: the symbols that the caller names, else the strategy's own, on its timeframe.
 * @throws DomainError `strategy_invalid` when the file cannot be read, `invalid_input` when neither names a market, or
 *   when the caller names a timeframe that the strategy's features are not made of, on which KTRDR fails; `holdout_locked`
 */
export function marketOf(
  file: StrategyText,
  given: { readonly symbols: readonly string[] | undefined; readonly timeframe: Timeframe | undefined },
): Market {
  assertOpenStrategy(file.text);
  assertOpen(...(given.symbols ?? []));
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

/** The timeframes that a strategy reads beside the one that it learns on. */
export const slowerTimeframes = ({ texts }: Pick<Deps, "texts">, file: StrategyText): readonly string[] =>
  texts.judge(file).summary?.slower ?? [];

/** The bars that a training of a strategy reads: of each symbol, with the timeframes beside. */
export function barsRead(
  deps: Pick<Deps, "texts">,
  file: StrategyText,
  { symbol, symbols = [symbol], timeframe }: Pick<TrainingRequest, "symbol" | "symbols" | "timeframe">,
): readonly BarsRead[] {
  const slower = slowerTimeframes(deps, file);
  return symbols.map((one) => ({ symbol: one, timeframe, slower }));
}
