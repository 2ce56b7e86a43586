/** What must be read with a run that somebody cites. */
import { kindOf } from "./kinds/index.ts";
import type { BacktestResult } from "./kinds/backtest.ts";
import type { WalkForwardResult } from "./kinds/walk-forward.ts";
import { CANDIDATE_LUCK } from "./luck/luck.ts";
import { ENOUGH_TRADES, luckOfResult, luckText } from "./luck/run-luck.ts";
import { worthless } from "./luck/worthless.ts";
import { overlaps, type DateWindow } from "./market-data.ts";
import type { RunOnRecord } from "./run-on-record.ts";
import type { Caveat } from "./result.ts";

const MOST_CODES = 4;

/**
 * Why a run says less than it seems; null when nothing is known against it.
 * @param trials backtests of its symbol whose figures were shown, by the ledger
 */
export function citedCaveat({ jobId, job, result }: RunOnRecord, trials: number): string | null {
  const says = (text: string): string => `${jobId} ${text}`;
  if (job === null || job.status === "open") return says("has not ended: it has no figures yet.");
  if (result === null) return says(`ended as ${job.status}: it has no figures.`);
  if (result.kind === "backtest" || result.kind === "walk_forward") {
    const against = againstTrial(result, job.trainedOn, trials);
    return against === null ? null : says(against);
  }
  const codes = codesOf(result.caveats);
  return codes === "" ? null : says(`(${kindOf(result.kind).name}) has caveats: ${codes}.`);
}

function againstTrial(
  result: BacktestResult | WalkForwardResult,
  trainedOn: DateWindow | null,
  trials: number,
): string | null {
  const known = trainedOn === null ? "unknown" : overlaps(trainedOn, result);
  // A walk-forward trains before each of its windows.
  const inSample = result.kind === "walk_forward" ? false : known;
  const nothing = worthless(result, inSample);
  if (nothing !== null) return `proves nothing: ${nothing}.`;
  if (result.trades < ENOUGH_TRADES) return `made ${result.trades} trades: below ${ENOUGH_TRADES} nothing can be told.`;
  const { probability } = luckOfResult(result, trials, null);
  const sharpe = result.sharpe === null ? "" : ` of ${result.sharpe.toFixed(2)}`;
  if (probability !== null && probability > CANDIDATE_LUCK) {
    return `shows nothing beyond luck: among ${trials} backtests tried on ${result.symbol}, luck reaches its Sharpe${sharpe} in ${luckText(probability)}.`;
  }
  return inSample === "unknown" ? "may be in-sample: the days its model was trained on are not on record." : null;
}

function codesOf(caveats: readonly Caveat[]): string {
  const codes = [...new Set(caveats.map(({ code }) => code))];
  return codes.length <= MOST_CODES ? codes.join(", ") : `${codes.slice(0, MOST_CODES).join(", ")}, ...`;
}
