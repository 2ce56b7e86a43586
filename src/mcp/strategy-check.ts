import { DomainError } from "../domain/errors.ts";
import { isSymbol, isTimeframe, type Timeframe } from "../domain/market-data.ts";
import type { Finding } from "../domain/strategy/finding.ts";
import { parseStrategy } from "../domain/strategy/parse.ts";
import type { StrategyFile } from "../ktrdr/strategy-folder.ts";

const SHOWN_FINDINGS = 3;

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
  if (!parsed.ok) throw strategyInvalid(file.name, parsed.findings);
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

export function checkReadable(file: StrategyFile): void {
  const parsed = parseStrategy(file.text);
  if (!parsed.ok) throw strategyInvalid(file.name, parsed.findings);
}

/** The first errors in full; validate_strategy lists them all. */
export function strategyInvalid(name: string, findings: readonly Finding[]): DomainError {
  const errors = findings.filter(({ severity }) => severity === "error");
  const shown = errors.slice(0, SHOWN_FINDINGS).map(findingText);
  return new DomainError("strategy_invalid", {
    what: `The strategy ${name} has ${errors.length === 1 ? "an error" : `${errors.length} errors`}; nothing was started.`,
    why: shown.join("; "),
    next: `validate_strategy lists every finding; mend ${name} with create_strategy (overwrite), then call again`,
  });
}

export const findingText = ({ where, line, what, fix }: Finding): string => {
  const place = [where, line === null ? "" : `line ${line}`].filter((part) => part !== "").join(", ");
  return `${place === "" ? "" : `${place}: `}${what} ${fix}`;
};
