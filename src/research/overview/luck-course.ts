/** How the best figure of a symbol grew with every trial, beside the bar that grew with it. */
import { CANDIDATE_LUCK, luckBar } from "../../domain/luck/luck.ts";
import type { Leader } from "../../store/trials.ts";
import { weighRuns, type WeighedRun } from "../jobs/luck-of.ts";
import type { Deps } from "../ports.ts";

/** A trial that was the best so far. */
export interface BestSoFar extends Leader {
  /** Of traded bars. */
  readonly years: number;
}

export interface LuckCourse {
  readonly symbol: string;
  /** Backtests of it whose figures were shown. */
  readonly trials: number;
  /** Each better than the one before. Figures that prove nothing (in-sample, few trades, a look ahead) are no best. */
  readonly best: readonly BestSoFar[];
  /** The last of them, weighed among all trials; null when there is none. */
  readonly weighed: WeighedRun | null;
}

/** The Sharpe ratio that the best of the first `n` trials reaches by luck in one of twenty searches, over the days of `best`. */
export const barAt = (n: number, { years }: BestSoFar): number => luckBar(n, years, CANDIDATE_LUCK);

/** @throws DomainError `database_unavailable` */
export async function luckCourse(deps: Deps, symbol: string): Promise<LuckCourse> {
  const { trials, ledger } = deps.records;
  const [counts, first] = await Promise.all([ledger.counts([symbol]), trials.leaders(symbol, [])]);
  const weighed = new Map<string, WeighedRun>();
  const worthless: string[] = [];
  // Whoever led by figures that prove nothing is left out, and then others have led.
  for (let leaders = first; ; leaders = await trials.leaders(symbol, worthless)) {
    const unknown = leaders.flatMap(({ jobId }) => (weighed.has(jobId) ? [] : [jobId]));
    const runs = await weighRuns(deps, unknown, [symbol], "own symbol");
    const known = worthless.length;
    for (const jobId of unknown) {
      const run = runs.get(jobId);
      if (run === undefined || run.luck.probability === null) worthless.push(jobId);
      else weighed.set(jobId, run);
    }
    if (worthless.length > known) continue;
    const best = leaders.flatMap((leader) => {
      const years = weighed.get(leader.jobId)?.luck.years ?? null;
      return years === null ? [] : [{ ...leader, years }];
    });
    const leading = weighed.get(best.at(-1)?.jobId ?? "") ?? null;
    return { symbol, trials: counts.get(symbol) ?? 0, best, weighed: leading };
  }
}
