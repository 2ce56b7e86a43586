import type { BacktestResult } from "../../domain/kinds/backtest.ts";
import { LOOKS_AHEAD } from "../../domain/insistence.ts";
import { luckOfResult, type RunLuck } from "../../domain/luck/run-luck.ts";
import type { Deps } from "../ports.ts";
import type { InSample } from "./in-sample.ts";

/**
 * How far luck explains a backtest, by the ledger's count of what was tried on its symbol.
 * @throws DomainError `database_unavailable`
 */
export async function luckOfBacktest(deps: Deps, result: BacktestResult, sample: InSample): Promise<RunLuck> {
  const { count } = await deps.records.ledger.trials(result.symbol, result);
  return luckOfResult(result, count, worthless(result, sample));
}

/** Why the figures prove nothing, however they look. */
function worthless({ caveats }: BacktestResult, { inSample }: InSample): string | null {
  const has = (wanted: string) => caveats.some(({ code }) => code === wanted);
  if (has(LOOKS_AHEAD)) return "the strategy saw the future";
  if (inSample === true) return "the model was trained on these days";
  return has("bad_bars") ? "the bars are bad" : null;
}
