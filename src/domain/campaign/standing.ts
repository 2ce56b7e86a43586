/** How a campaign stands: its rungs, its finalists with the best first, and what the loss was worth. */
import type { CampaignResult, Finalist, RungTally } from "../kinds/campaign.ts";
import { sharpeErrorOver } from "../results/sharpe-error.ts";
import { median } from "../statistics.ts";
import { lossesOn, settingBy } from "./climb.ts";
import { finalPoints } from "./finals.ts";
import { decisive, hasTraded, leadersFirst, type Drawn } from "./leader.ts";
import { rankCorrelation } from "./rank-correlation.ts";
import { ladderFor } from "./reckoning.ts";
import { hasFailed, usedBy, type CampaignRun, type CampaignState, type NewPoint } from "./state.ts";
import { middleDraw, testsOf } from "./tested.ts";

export type Standing = Pick<
  CampaignResult,
  "searchEnded" | "brackets" | "points" | "refused" | "rungs" | "used" | "finalists" | "proxy"
>;

/** At any time, also while it goes on. */
export function standingOf(state: Omit<CampaignState, "now" | "tried" | "left" | "baseText" | "sha256">): Standing {
  const { points, steps } = state;
  const finalists = leadersFirst(finalPoints(state).flatMap((point) => finalistOf(state, point) ?? []));
  return {
    searchEnded: steps.find(({ stage, stop }) => stage !== "over" && stop !== null)?.stop ?? null,
    brackets: new Set(points.map(({ bracket }) => bracket)).size,
    points: points.length,
    refused: points.filter(({ refused }) => refused !== null).length,
    rungs: rungsOf(state),
    used: usedBy({ ...state, runs: state.runs.filter(({ jobId }) => jobId !== null) }),
    finalists,
    proxy: proxyOf(state, finalists),
  };
}

type Seen = Parameters<typeof standingOf>[0];

/** Losses of several label settings cannot be compared, so there is none over them. */
function proxyOf({ request }: Seen, finalists: readonly Finalist[]): Standing["proxy"] {
  if (new Set(finalists.map(settingBy(request))).size > 1) return null;
  const shown = finalists.flatMap(({ loss, median: sharpe }) => (sharpe === null ? [] : [{ loss, sharpe }]));
  return rankCorrelation(
    shown.map(({ loss }) => loss),
    shown.map(({ sharpe }) => sharpe),
  );
}

function rungsOf({ request, runs, steps }: Seen): RungTally[] {
  const ended = steps.length - 1;
  return ladderFor(request).map(({ epochs, draws }, rung) => {
    const trained = runs.filter((run) => run.role === "train" && run.rung === rung);
    const failed = trained.filter((run) => hasFailed(run, run.step < ended));
    const points = new Set(trained.map(({ point }) => point)).size;
    return { epochs, draws, points, trainings: trained.length, failed: failed.length };
  });
}

function finalistOf(state: Seen, point: NewPoint): (Finalist & Drawn) | null {
  const { runs, request } = state;
  const tests = testsOf(runs, point.n);
  const middle = middleDraw(tests);
  if (middle?.figures == null || middle.jobId === null) return null;
  const losses = lossesOn(runs, point.n, middle.rung);
  const sharpes = tests.map(({ figures }) => figures?.sharpe ?? null);
  const centre = median(sharpes.map((sharpe) => sharpe ?? 0));
  const error = sharpeErrorOver(centre, request);
  const own = runs.filter((run) => run.point === point.n && run.figures !== null);
  const { totalReturn, maxDrawdown, trades, excessSharpe } = middle.figures;
  return {
    strategy: middle.request.kind === "backtest" ? middle.request.strategy : request.strategy,
    point: point.n,
    values: point.values,
    suggested: point.origin === "suggested",
    loss: losses.length === 0 ? Number.MAX_VALUE : median(losses),
    sharpes,
    median: hasTraded(sharpes) ? centre : null,
    error,
    decisive: decisive(sharpes, error),
    jobId: middle.jobId,
    totalReturn: totalReturn ?? 0,
    maxDrawdown: maxDrawdown ?? 0,
    trades: trades ?? 0,
    excessSharpe,
    costs: costsOf(own),
    walk: walkOf(own),
    measured: measuredOf(own),
  };
}

const runOf = (runs: readonly CampaignRun[], role: CampaignRun["role"]) => {
  const run = runs.find((one) => one.role === role);
  return run?.figures == null || run.jobId === null ? null : { jobId: run.jobId, figures: run.figures };
};

function costsOf(runs: readonly CampaignRun[]): Finalist["costs"] {
  const run = runOf(runs, "costs");
  if (run === null) return null;
  return { jobId: run.jobId, sharpe: run.figures.sharpe, totalReturn: run.figures.totalReturn ?? 0 };
}

function walkOf(runs: readonly CampaignRun[]): Finalist["walk"] {
  const run = runOf(runs, "walk");
  if (run === null) return null;
  const { sharpe, t, windows, positive, worst } = run.figures;
  return { jobId: run.jobId, sharpe, t, windows: windows ?? 0, positive: positive ?? 0, worst };
}

function measuredOf(runs: readonly CampaignRun[]): Finalist["measured"] {
  const run = runOf(runs, "measure");
  return run === null ? null : { jobId: run.jobId, agrees: run.figures.agrees ?? false };
}
