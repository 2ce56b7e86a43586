/** How a look at a holdout ends: pass or fail, by the luck that its figures leave. */
import type { BacktestRequest, BacktestResult } from "../kinds/backtest.ts";
import type { HoldoutRequest, HoldoutResult } from "../kinds/holdout.ts";
import { chanceAlone } from "../luck/sharpe-probability.ts";
import type { Engine } from "../result.ts";
import { badAnswer } from "../results/answer.ts";
import { normaliseBacktest } from "../results/backtest.ts";
import { KTRDR_BARS_PER_YEAR } from "../results/bars-per-year.ts";
import { levelWhile } from "./spending.ts";

/** Where a look stands among those of its symbol, and what KTRDR answered. */
export interface LookStanding {
  readonly look: number;
  readonly alpha: number;
  /** Looks before it that passed, and that are open still. */
  readonly passes: number;
  readonly open: number;
  readonly sealed: { readonly summary: Readonly<Record<string, unknown>> } | { readonly failure: unknown } | null;
}

/**
 * The answer of a look. It passes when 1 − PSR(0) on the holdout is at most its level. A strategy that did not trade, or
 * whose equity did not move, does not pass.
 * @param asked the backtest that KTRDR was asked for
 * @throws DomainError `ktrdr_bad_answer` when KTRDR's answer is missing or cannot be used
 */
export function lookResult(
  request: HoldoutRequest,
  asked: BacktestRequest,
  { look, alpha, passes, open, sealed }: LookStanding,
  engine: Engine,
): HoldoutResult {
  if (sealed === null || !("summary" in sealed)) throw badAnswer("holdout", "Nothing was kept of it.");
  const level = levelWhile(alpha, look, passes, open);
  const chance = chanceOf(normaliseBacktest(sealed.summary, asked, null, engine));
  const { strategy, symbol, timeframe, candidateJobId } = request;
  return {
    kind: "holdout",
    strategy,
    symbol,
    timeframe,
    candidateJobId,
    look,
    passed: chance <= level,
    level,
    caveats: [],
    engine,
  };
}

/** 1 − PSR(0) of a backtest's returns for each bar, with normal moments; 1 when there is nothing to judge. */
export function chanceOf({
  raw,
  sharpe,
  equityPoints,
}: Pick<BacktestResult, "raw" | "sharpe" | "equityPoints">): number {
  const bars = equityPoints - 1;
  if (sharpe === null || bars < 2) return 1;
  return chanceAlone({ sharpe: (raw["sharpe_ratio"] ?? 0) / Math.sqrt(KTRDR_BARS_PER_YEAR), bars });
}
