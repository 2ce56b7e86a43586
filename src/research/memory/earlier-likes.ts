/** Strategies that were tried before and hardly differ from one that somebody is about to save or train. */
import { distanceOf } from "../../domain/strategy/likeness.ts";
import { median } from "../../domain/statistics.ts";
import type { RecordedRun } from "../../store/judged-runs.ts";
import type { Deps } from "../ports.ts";

/** Strategies nearer than this are told. Never a veto: the nearness of an idea says nothing of its worth. */
const NEAR = 0.15;

/**
 * The nearest strategy of another text that was tried before, and what came of it, as one line; null when none is near.
 * @throws DomainError `database_unavailable`
 */
export async function earlierLike({ records, texts: known }: Deps, text: string): Promise<string | null> {
  const own = known.structure(text);
  if (own === null) return null;
  const { runs, texts } = await records.judged.judged({});
  const others = [...texts].flatMap(([key, other]) => {
    const theirs = other === text ? null : known.structure(other);
    return theirs === null ? [] : [{ key, distance: distanceOf(own, theirs) }];
  });
  const nearest = Math.min(...others.map(({ distance }) => distance));
  if (nearest >= NEAR) return null;
  const keys = new Set(others.filter(({ distance }) => distance === nearest).map(({ key }) => key));
  return lineOf(
    nearest,
    runs.filter(({ textKey }) => textKey !== null && keys.has(textKey)),
  );
}

/** @param runs of the nearest strategies, newest first */
function lineOf(distance: number, runs: readonly RecordedRun[]): string | null {
  const [newest] = runs;
  if (newest === undefined) return null;
  const like =
    distance === 0 ? "The same but for names and order as" : `Nearly the same (${distance.toPrecision(1)} apart) as`;
  const there = runs.filter(({ symbol, timeframe }) => symbol === newest.symbol && timeframe === newest.timeframe);
  const sharpes = there.flatMap(({ sharpe }) => sharpe ?? []);
  const outcome =
    sharpes.length === 0
      ? `${there.length} ${there.length === 1 ? "job" : "jobs"} failed: ${newest.failure ?? "?"}`
      : `${sharpes.length} ${sharpes.length === 1 ? "backtest" : "backtests"}, Sharpe ${median(sharpes).toFixed(2)} in the middle`;
  return `${like} ${newest.strategy}, tried on ${newest.symbol} ${newest.timeframe}: ${outcome} (e.g. ${newest.jobId}).`;
}
