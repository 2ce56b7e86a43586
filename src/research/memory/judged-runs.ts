import { enginesText } from "../../domain/facts.ts";
import type { JudgedRun } from "../../domain/failure-patterns.ts";
import type { StrategyTraits } from "../../domain/strategy/traits.ts";
import type { JudgedRunFilter, RecordedRun } from "../../store/judged-runs.ts";
import type { Deps } from "../ports.ts";

const NONE: StrategyTraits = { indicator: [], labels: [], architecture: [] };

/**
 * Runs that tell something about their strategy, newest first, each with its traits and why it failed.
 * @param leastSharpe annualised; a backtest below it failed
 */
export async function judgedRuns({ records, texts: known }: Deps, filter: JudgedRunFilter, leastSharpe: number) {
  const { runs, more, texts } = await records.judged.judged(filter);
  const traits = new Map([...texts].map(([key, text]) => [key, known.traits(text)]));
  const judged = runs.map((run): JudgedRun => ({
    jobId: run.jobId,
    idea: JSON.stringify([run.textKey ?? run.strategy, run.symbol, run.timeframe, run.days]),
    symbol: run.symbol,
    timeframe: run.timeframe,
    failure: failureOf(run, leastSharpe),
    traits: traits.get(run.textKey ?? "") ?? NONE,
  }));
  return { judged, more, engine: enginesText(runs.map(({ engine }) => engine)) };
}

/** Compares Sharpe ratios, never returns: KTRDR invests a part of the capital, buy-and-hold all of it (docs/ktrdr.md §10). */
function failureOf({ failure, sharpe, trades, holdSharpe }: RecordedRun, least: number): string | null {
  if (failure !== null) return `job failed: ${failure}`;
  if (trades === 0) return "no trades";
  if (sharpe === null) return null;
  if (sharpe < least) return "Sharpe too low";
  return holdSharpe !== null && sharpe < holdSharpe ? "beaten by buying and holding" : null;
}
