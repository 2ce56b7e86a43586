/** How the best figure of a symbol grew with every trial, beside the bar that grew with it. */
import { CANDIDATE_LUCK, luckBar } from "../../domain/luck/luck.ts";
import type { Trial } from "../../store/trials.ts";
import { weighRuns, type WeighedRun } from "../jobs/luck-of.ts";
import type { Deps } from "../ports.ts";

/** A trial that was the best so far. Sharpe ratios are annual. */
export interface BestSoFar {
  /** 1-based number of the trial. */
  readonly n: number;
  readonly jobId: string;
  readonly strategy: string;
  readonly sharpe: number;
  /** Of traded bars. */
  readonly years: number;
}

export interface LuckCourse {
  readonly symbol: string;
  /** In the order in which they were shown. */
  readonly trials: readonly Trial[];
  /** Each better than the one before. Figures that prove nothing (in-sample, few trades, a look ahead) are no best. */
  readonly best: readonly BestSoFar[];
  /** The last of them, weighed among all trials; null when there is none. */
  readonly weighed: WeighedRun | null;
}

/** The Sharpe ratio that the best of the first `n` trials reaches by luck in one of twenty searches, over the days of `best`. */
export const barAt = (n: number, { years }: BestSoFar): number => luckBar(n, years, CANDIDATE_LUCK);

/** @throws DomainError `database_unavailable` */
export async function luckCourse(deps: Deps, symbol: string): Promise<LuckCourse> {
  const trials = await deps.records.trials.of(symbol);
  const weighed = new Map<string, WeighedRun | null>();
  for (;;) {
    const leaders = leadersOf(trials, weighed);
    const unknown = leaders.flatMap(({ jobId }) => (weighed.has(jobId) ? [] : [jobId]));
    if (unknown.length === 0) {
      const best = leaders.flatMap(({ n, jobId, strategy, sharpe }) => {
        const years = weighed.get(jobId)?.luck.years ?? null;
        return years === null ? [] : [{ n, jobId, strategy, sharpe, years }];
      });
      return { symbol, trials, best, weighed: weighed.get(best.at(-1)?.jobId ?? "") ?? null };
    }
    const runs = await weighRuns(deps, unknown, [symbol], "own symbol");
    for (const jobId of unknown) weighed.set(jobId, runs.get(jobId) ?? null);
  }
}

/** The trials that lead when those count no more which were weighed and found to prove nothing. */
function leadersOf(trials: readonly Trial[], weighed: ReadonlyMap<string, WeighedRun | null>) {
  const leaders: Omit<BestSoFar, "years">[] = [];
  trials.forEach(({ jobId, strategy, sharpe, inSample }, at) => {
    if (jobId === null || sharpe === null || inSample === true) return;
    if (sharpe <= (leaders.at(-1)?.sharpe ?? -Infinity)) return;
    const known = weighed.get(jobId);
    if (known === null || (known !== undefined && known.luck.probability === null)) return;
    leaders.push({ n: at + 1, jobId, strategy: strategy ?? "", sharpe });
  });
  return leaders;
}
