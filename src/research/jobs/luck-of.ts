/** How far luck explains backtests, by the ledger's count of what was tried on their symbols. */
import type { BacktestResult } from "../../domain/kinds/backtest.ts";
import { luckOfResult, type RunLuck } from "../../domain/luck/run-luck.ts";
import { powerText } from "../../domain/luck/power.ts";
import { isTried } from "../../domain/luck/trial-limit.ts";
import { worthless } from "../../domain/luck/worthless.ts";
import type { WalkForwardResult } from "../../domain/kinds/walk-forward.ts";
import { overlaps, type DateWindow } from "../../domain/market-data.ts";
import { timeInMarket } from "../../domain/results/exposure.ts";
import { yearsOf } from "../../domain/results/sharpe-error.ts";
import type { RunOnRecord } from "../../domain/run-on-record.ts";
import type { JobRecord } from "../../store/job-row.ts";
import type { Deps } from "../ports.ts";
import type { InSample } from "./in-sample.ts";

/**
 * Of one backtest, whose training days were looked up already.
 * @throws DomainError `database_unavailable`
 */
export async function luckOfBacktest(deps: Deps, result: BacktestResult, { inSample }: InSample): Promise<RunLuck> {
  const { count, deviation } = await deps.records.ledger.trials(result.symbol, result);
  return luckOfResult(result, count, worthless(result, inSample), deviation);
}

/**
 * Of a walk-forward. No test window shares a day with the training of its model.
 * @throws DomainError `database_unavailable`
 */
export async function luckOfWalk(deps: Deps, result: WalkForwardResult): Promise<RunLuck> {
  const { count, deviation } = await deps.records.ledger.trials(result.symbol, result);
  return luckOfResult(result, count, worthless(result, false), deviation);
}

/** From which set a run was picked: the backtests of its own symbol, or those of all symbols, which are ranked together. */
export type PickedFrom = "own symbol" | "all symbols";

/** What a row that ranks a backtest must show beside its figures. */
export interface WeighedRun {
  readonly luck: RunLuck;
  readonly inSample: boolean | "unknown";
  /** Ratio; null when not known. */
  readonly timeInMarket: number | null;
}

/**
 * Of several backtests and walk-forwards, by job id. Other jobs, and those without a result, are left out.
 * @param symbols those of the backtests, and of all that are ranked with them
 * @throws DomainError `database_unavailable`
 */
export async function weighRuns(
  deps: Deps,
  jobIds: readonly string[],
  symbols: readonly string[],
  pickedFrom: PickedFrom,
): Promise<ReadonlyMap<string, WeighedRun>> {
  const { results, ledger } = deps.records;
  const [runs, tried] = await Promise.all([results.runs([...new Set(jobIds)]), ledger.counts([...new Set(symbols)])]);
  const all = [...tried.values()].reduce((sum, count) => sum + count, 0);
  return new Map(
    runs.flatMap(({ jobId, job, result }) => {
      if (job === null || (result?.kind !== "backtest" && result?.kind !== "walk_forward")) return [];
      const trials = pickedFrom === "all symbols" ? all : (tried.get(result.symbol) ?? 1);
      const inSample = result.kind === "walk_forward" ? false : inSampleOf(job.trainedOn, result);
      const luck = luckOfResult(result, trials, worthless(result, inSample));
      const exposed = result.kind === "backtest" ? timeInMarket(result) : null;
      return [[jobId, { luck, inSample, timeInMarket: exposed }]];
    }),
  );
}

/**
 * Of those among some jobs whose figures were shown, by job id: each among all that was tried on its own symbol.
 * @throws DomainError `database_unavailable`
 */
export async function weighJobs(deps: Deps, jobs: readonly JobRecord[]): Promise<ReadonlyMap<string, WeighedRun>> {
  const shown = jobs.filter(({ request, status }) => isTried(request) && status === "completed");
  const ids = shown.map(({ jobId }) => jobId);
  const symbols = shown.flatMap(({ symbol }) => symbol ?? []);
  return await weighRuns(deps, ids, symbols, "own symbol");
}

const inSampleOf = (trainedOn: DateWindow | null, result: DateWindow): boolean | "unknown" =>
  trainedOn === null ? "unknown" : overlaps(trainedOn, result);

export const symbolsOf = (runs: readonly Pick<RunOnRecord, "result">[]): string[] => [
  ...new Set(
    runs.flatMap(({ result }) =>
      result?.kind === "backtest" || result?.kind === "walk_forward" ? [result.symbol] : [],
    ),
  ),
];

/** What one more backtest can show on a market over a window; null while the record does not answer. */
export async function powerOf(deps: Deps, symbol: string, window: DateWindow): Promise<string | null> {
  const standings = await deps.records.ledger.standings([symbol]).catch(() => null);
  const standing = standings?.get(symbol);
  if (standing === undefined) return null;
  return powerText({ symbol, tried: standing.count, coming: 1, years: yearsOf(window), left: standing.left });
}
