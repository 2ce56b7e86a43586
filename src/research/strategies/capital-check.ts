import { isDomainError } from "../../domain/errors.ts";
import type { DateWindow } from "../../domain/market-data.ts";
import { capitalFindings, priceSpan } from "../../domain/results/position-size.ts";
import { unlessRefused, type MarketName } from "./bar-check.ts";
import type { Checked } from "./clearance.ts";
import type { Deps } from "../ports.ts";

/**
 * Checks whether the capital of a backtest can buy anything on these days. Other checks tell of bars that cannot be
 * read.
 * @throws DomainError when KTRDR does not answer
 */
export async function checkCapital(
  deps: Deps,
  { symbol, timeframe }: MarketName,
  window: DateWindow,
  capital: number,
  signal: AbortSignal,
): Promise<Checked> {
  const bars = await unlessRefused(deps.reads.bars(symbol, timeframe, window, signal)).catch((error: unknown) => {
    if (isDomainError(error, "data_not_found", "ktrdr_rejected")) return null;
    throw error;
  });
  const span = bars === null ? null : priceSpan(bars);
  return {
    name: "The initial capital",
    findings: span === null ? [] : capitalFindings(`${symbol} ${timeframe}`, capital, span),
    code: "invalid_input",
    next: "give a larger initial_capital",
  };
}
