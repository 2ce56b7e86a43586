/**
 * The holdout of a symbol is another symbol: `SPX.HOLDOUT` has the newest bars of SPX, and nobody may name it. Whether a
 * text names one is decided here only. Zod-free.
 */
import { DomainError } from "../errors.ts";

const SUFFIX = ".HOLDOUT";

/** The symbol of the bars that are kept back. */
export const holdoutOf = (symbol: string): string => `${symbol}${SUFFIX}`;

/** Whether a symbol names a holdout, in whatever case and width, with blanks, or as a part of a file's name. */
export const isHoldout = (symbol: string): boolean =>
  symbol
    .normalize("NFKC")
    .replaceAll(/[^\p{L}\p{N}.]/gu, "")
    .toUpperCase()
    .includes(SUFFIX);

/** The one refusal, whichever way was tried. */
export const lockedOut = (): DomainError =>
  new DomainError("holdout_locked", {
    what: "A holdout is neither shown nor computed on.",
    why: "Whoever has looked at it cannot be examined by it any more.",
    next: "list_market_data shows the bars there are; evaluate_on_holdout examines a finished backtest",
  });

/** @throws DomainError `holdout_locked` when one of the symbols names a holdout */
export function assertOpen(...symbols: readonly string[]): void {
  if (symbols.some(isHoldout)) throw lockedOut();
}

const SYMBOL_KEYS: ReadonlySet<string> = new Set(["symbol", "symbols"]);

/** Whether a holdout stands under `symbol` or `symbols` anywhere in plain data, such as a request, a body or a row. */
export const namesHoldout = (value: unknown): boolean => visit(value, (key) => SYMBOL_KEYS.has(key));

/** Free text of a strategy, which KTRDR does not read. */
const UNREAD: ReadonlySet<string> = new Set(["description"]);

/**
 * Whether a strategy names a holdout in any value that KTRDR reads.
 * @param strategy as plain data
 */
export const strategyNamesHoldout = (strategy: unknown): boolean => visit(strategy, (key) => !UNREAD.has(key), true);

/** @param wanted whether texts under a key count */
function visit(value: unknown, wanted: (key: string) => boolean, counts = false): boolean {
  if (typeof value === "string") return counts && isHoldout(value);
  if (Array.isArray(value)) return value.some((one: unknown) => visit(one, wanted, counts));
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, one]) => visit(one, wanted, wanted(key)));
}
