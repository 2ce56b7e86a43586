/** What could be more than luck: one row for each strategy, market and days, draws or windows taken together. */
import type { BacktestResult } from "../../domain/kinds/backtest.ts";
import type { WalkForwardResult } from "../../domain/kinds/walk-forward.ts";
import type { Draw } from "../../store/result-reader.ts";
import { weighRuns, type WeighedRun } from "../jobs/luck-of.ts";
import type { Deps } from "../ports.ts";

/** A strategy on certain days, as the draw in the middle or its walk-forward shows it. */
export interface Contender {
  readonly jobId: string;
  readonly result: BacktestResult | WalkForwardResult;
  readonly weighed: WeighedRun;
  /** Annual Sharpe ratios, ascending: of all draws, its own among them; of a walk-forward those of its windows. */
  readonly parts: readonly number[];
}

/** So many backtests are looked at for each row: draws of one strategy stand close together. */
const LOOKED_AT = 6;

/**
 * Contenders, the least explained by luck first. They are picked out of all symbols, so all trials count for each.
 * @throws DomainError `database_unavailable`
 */
export async function shortlist(deps: Deps, limit: number): Promise<readonly Contender[]> {
  const { trials, results } = deps.records;
  const strongest = await trials.strongest(limit * LOOKED_AT);
  const firsts = [...Map.groupBy(strongest, ({ tried }) => tried).values()].flatMap(([first]) => first ?? []);
  const some = firsts.slice(0, limit);
  const [groups, symbols] = await Promise.all([
    results.drawsOf(some.map(({ jobId }) => jobId)),
    trials.tried(MOST_SYMBOLS),
  ]);
  const middles = some.flatMap((one) => middleOf(groups.get(one.jobId) ?? [one]) ?? []);
  const ids = middles.map(({ jobId }) => jobId);
  const [weighed, shown] = await Promise.all([weighRuns(deps, ids, symbols, "all symbols"), results.runs(ids)]);
  const shownOf = new Map(shown.map(({ jobId, result }) => [jobId, result]));
  return middles
    .flatMap(({ jobId, draws }): Contender[] => {
      const result = shownOf.get(jobId);
      const one = weighed.get(jobId);
      if (one === undefined) return [];
      if (result?.kind === "walk_forward") return [{ jobId, result, weighed: one, parts: windowsOf(result) }];
      return result?.kind === "backtest" ? [{ jobId, result, weighed: one, parts: draws }] : [];
    })
    .toSorted((a, b) => luckOf(a) - luckOf(b));
}

const windowsOf = ({ windows }: WalkForwardResult): number[] =>
  windows.flatMap(({ sharpe }) => sharpe ?? []).toSorted((a, b) => a - b);

const MOST_SYMBOLS = 1_000;

/** What cannot be told comes last. */
const luckOf = ({ weighed }: Contender): number => weighed.luck.probability ?? 2;

/** The draw in the middle, the lower of two. */
function middleOf(draws: readonly Draw[]) {
  const sorted = draws.toSorted((a, b) => a.sharpe - b.sharpe);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  return middle === undefined ? null : { jobId: middle.jobId, draws: sorted.map(({ sharpe }) => sharpe) };
}
