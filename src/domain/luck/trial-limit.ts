/** The operator's limit of trials on a symbol: beyond it nothing is computed, because the best of many means little. */
import { itemsOf, partOf } from "../batch.ts";
import { DomainError } from "../errors.ts";
import { trialsPlanned } from "../campaign/reckoning.ts";
import type { BacktestRequest } from "../kinds/backtest.ts";
import type { JobRequest } from "../kinds/index.ts";
import type { WalkForwardRequest } from "../kinds/walk-forward.ts";
import type { JobOutcome } from "../outcome.ts";

/** Trials that a request asks for, by symbol. Parts of a measurement or a walk-forward are none. */
export function trialsAskedFor(request: JobRequest): ReadonlyMap<string, number> {
  const symbols = isTried(request)
    ? [request.symbol]
    : request.kind === "batch"
      ? itemsOf(request).flatMap(({ backtest }) => backtest?.symbol ?? [])
      : request.kind === "campaign"
        ? Array.from({ length: trialsPlanned(request) }, () => request.symbol)
        : [];
  if (partOf(request) !== null) return new Map();
  return new Map([...Map.groupBy(symbols, (symbol) => symbol)].map(([symbol, of]) => [symbol, of.length]));
}

/** Whether a job has lines in the ledger: it is one look at a strategy, or a part of one. */
export const isTried = (request: JobRequest): request is BacktestRequest | WalkForwardRequest =>
  request.kind === "backtest" || request.kind === "walk_forward";

export const trialsUsedUp = (symbol: string): DomainError =>
  new DomainError("trials_used_up", {
    what: `The operator's limit of backtests on ${symbol} is reached: nothing was computed.`,
    why: "the more are tried on the same bars, the less the best of them means",
    next: `work on another symbol, or ask the operator for a higher limit (\`bin/ktrdr-mcp ledger limit ${symbol} NUMBER --reason TEXT\`)`,
  });

/** Why no campaign begins of whose points none could be tested. @param least trials of one finalist */
export const noFinalistLeft = (symbol: string, left: number, least: number): DomainError =>
  new DomainError("trials_used_up", {
    what: `The operator's limit leaves ${left} more backtests on ${symbol}, and one finalist takes ${least}: nothing was started.`,
    why: "a campaign that can test none of its points has searched in vain",
    next: "ask for fewer draws or no walk_windows, work on another symbol, or ask the operator for a higher limit",
  });

/** Said when a request asks for more trials than are left. Those that come too late fail, and show nothing. */
export const trialsRunShort = (symbol: string, asked: number, left: number): string =>
  `The operator's limit leaves ${left} more ${left === 1 ? "backtest" : "backtests"} on ${symbol}, and ${asked} are asked for: those that were not shown before end as failed (trials_used_up) once it is reached.`;

/** The same of a campaign, which asks for no more than are left. */
export const finalistsRunShort = (symbol: string, asked: number, left: number): string =>
  `The operator's limit leaves ${left} more backtests on ${symbol}, and ${asked} are planned: fewer finalists are tested.`;

/** How a backtest ends that would pass the limit. */
export function refusedTrial(jobId: string, symbol: string): JobOutcome {
  const { code, what, why = null, next = "" } = trialsUsedUp(symbol);
  return {
    jobId,
    status: "failed",
    failure: { code, what, why, next: `${next}, then start it again with force_new_reason` },
    partial: null,
    faultsSeen: [],
    operationIds: [],
    headline: what,
  };
}
