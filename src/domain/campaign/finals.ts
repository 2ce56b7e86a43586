/** The second half of a campaign: a few finalists are backtested, and the backtests are examined. Only these are trials. */
import type { BacktestRequest } from "../kinds/backtest.ts";
import type { CampaignStop } from "../kinds/campaign.ts";
import type { MeasurementRequest } from "../kinds/measurement.ts";
import type { WalkForwardRequest } from "../kinds/walk-forward.ts";
import { measurableEnds } from "../measured/measurable.ts";
import { sharpeErrorOver, yearsOf } from "../results/sharpe-error.ts";
import { median } from "../statistics.ts";
import { paidOf } from "./bounds.ts";
import { bestInTurn } from "./climb.ts";
import { finishedStop, proofsExpected } from "./examined.ts";
import { futilityText, isFutile, type FutilityQuestion } from "./futility.ts";
import { leadersFirst } from "./leader.ts";
import { finalistsPaid, ladderFor, POINTS_MEASURED, trialsLeft, trialsOfFinalist } from "./reckoning.ts";
import type { CampaignState, NewPoint, NewRun, Plan } from "./state.ts";
import { middleDraw, testsOf } from "./tested.ts";
import { drawsOf, strategyAt } from "./trainings.ts";

/**
 * The finalists' first backtests. Where points were drawn again, only these are chosen from: the others have fewer draws, and
 * so more luck.
 * @param stop why the search ended
 */
export function firstTests(state: CampaignState, stop: CampaignStop): Plan {
  const count = finalistsPaid(state.request, Math.max(0, trialsLeft(state)));
  const rung = ladderFor(state.request).length - 1;
  const redrawn = redrawnPoints(state);
  const tests = bestInTurn(state, rung)
    .filter(({ n }) => redrawn === null || redrawn.has(n))
    .flatMap((point) => backtestsOf(state, point).slice(0, 1));
  if (tests.length === 0) return over({ ...stop, says: `${stop.says} No point left a model that had all epochs.` });
  if (count === 0) return over(NO_TRIALS);
  const { runs, stop: short } = paidOf(
    state,
    tests.slice(0, count).map((test) => [test]),
  );
  if (runs.length === 0 && short !== null) return over(short);
  const because = short === null ? stop : { ...stop, says: `${stop.says} ${short.says}` };
  return { ...FINAL, stage: "first", stop: because, runs };
}

/** Numbers of the points that were drawn again when the search had ended; null when none were. */
function redrawnPoints({ steps, runs }: CampaignState): ReadonlySet<number> | null {
  const redraw = steps.find(({ stage }) => stage === "redraw");
  if (redraw === undefined) return null;
  return new Set(runs.filter(({ step }) => step === redraw.step).map(({ point }) => point));
}

const NO_TRIALS: CampaignStop = {
  reason: "trials",
  says: "No finalist could be tested: the budget of trials, or the operator's limit on the symbol, leaves too few.",
};

const FINAL = { bracket: null, rung: null, stop: null, points: [] } as const;

export const over = (stop: CampaignStop): Plan => ({ ...FINAL, stage: "over", stop, runs: [] });

const STEPS = ["draws", "tests", "proof"] as const;

/** What follows a step with the finalists that has ended: the next one that has jobs which are paid. */
export function afterFinal(state: CampaignState, ended: "first" | (typeof STEPS)[number]): Plan {
  const points = finalPoints(state);
  const futile = ended === "first" || ended === "tests" ? futility(state, points, ended) : null;
  if (futile !== null) return over(futile);
  // After the proofs those may follow that were not paid before.
  const steps = ended === "proof" ? STEPS.slice(-1) : STEPS.slice(STEPS.findIndex((step) => step === ended) + 1);
  for (const stage of steps) {
    const { runs } = paidOf(state, missing(state, points, stage));
    if (runs.length > 0) return { ...FINAL, stage, runs };
  }
  const { stop } = paidOf(
    state,
    STEPS.flatMap((step) => missing(state, points, step)),
  );
  return over(stop ?? finishedStop(state, points));
}

/**
 * What the finalists still lack of a step: jobs that are paid together or not at all. Draws are those of a whole finalist,
 * because one with fewer draws than others cannot be held against them.
 */
function missing(state: CampaignState, points: readonly NewPoint[], step: (typeof STEPS)[number]): NewRun[][] {
  switch (step) {
    case "draws": {
      const rung = ladderFor(state.request).length - 1;
      return points.map((point) => drawsOf(state, point, rung, state.request.draws));
    }
    case "tests":
      return points.map((point) => untested(state, point));
    case "proof":
      return leadersOf(state, points).flatMap((point) => unproven(state, point).map((run) => [run]));
  }
}

/** The best first: their proofs are paid before those of others. */
function leadersOf({ runs, request }: CampaignState, points: readonly NewPoint[]): NewPoint[] {
  const shown = points.map((point) => {
    const sharpes = testsOf(runs, point.n).map(({ figures }) => figures?.sharpe ?? null);
    const error = sharpes.length === 0 ? 0 : sharpeErrorOver(median(sharpes.map((sharpe) => sharpe ?? 0)), request);
    return { point, sharpes, error };
  });
  return leadersFirst(shown).map(({ point }) => point);
}

/** Those that were chosen, in their order. */
export function finalPoints({ steps, runs, points }: Pick<CampaignState, "steps" | "runs" | "points">): NewPoint[] {
  const first = steps.find(({ stage }) => stage === "first")?.step;
  const numbers = runs.filter(({ step }) => step === first).map(({ point }) => point);
  return [...new Set(numbers)].flatMap((n) => points.filter((point) => point.n === n));
}

/** Backtests of the first draws of a point that left a model, as many as a finalist has. The draws are not chosen. */
function backtestsOf(state: CampaignState, point: NewPoint): NewRun[] {
  const { request, runs } = state;
  const rung = ladderFor(request).length - 1;
  const { name, sha256 } = strategyAt(state, point, rung);
  const { symbol, timeframe, startDate, endDate, insisted, initialCapital, commission, slippage } = request;
  return runs
    .filter((run) => run.role === "train" && run.point === point.n && run.rung === rung)
    .toSorted((a, b) => a.draw - b.draw)
    .flatMap((run): NewRun[] => {
      const modelPath = run.figures?.modelPath ?? null;
      if (modelPath === null || run.jobId === null) return [];
      const backtest: BacktestRequest = {
        kind: "backtest",
        strategy: name,
        strategySha256: sha256,
        symbol,
        timeframe,
        startDate,
        endDate,
        modelPath,
        trainingJobId: run.jobId,
        initialCapital,
        commission,
        slippage,
        ...(insisted === undefined ? {} : { insisted }),
      };
      return [{ point: point.n, role: "test", rung, draw: run.draw, request: backtest }];
    })
    .slice(0, request.draws);
}

function untested(state: CampaignState, point: NewPoint): NewRun[] {
  const tested = new Set(
    state.runs.filter((run) => run.role === "test" && run.point === point.n).map(({ draw }) => draw),
  );
  return backtestsOf(state, point).filter(({ draw }) => !tested.has(draw));
}

/** Its proofs that were not begun. */
function unproven(state: CampaignState, point: NewPoint): NewRun[] {
  const begun = new Set(state.runs.filter((run) => run.point === point.n).map(({ role }) => role));
  return proofsOf(state, point).filter(({ role }) => !begun.has(role));
}

/** Twice the costs, the walk-forward and the measurement of the backtest of the draw in the middle. */
function proofsOf(state: CampaignState, point: NewPoint): NewRun[] {
  const { request, runs } = state;
  const middle = middleDraw(testsOf(runs, point.n));
  if (middle === null || middle.request.kind !== "backtest" || middle.jobId === null) return [];
  const backtest = middle.request;
  const same = { point: point.n, rung: middle.rung };
  const dearer = { ...backtest, commission: 2 * backtest.commission, slippage: 2 * backtest.slippage };
  const ends = measurableEnds(backtest, POINTS_MEASURED) ?? [];
  const measurement: MeasurementRequest = { ...backtest, kind: "measurement", measures: middle.jobId, ends };
  return proofsExpected(request, middle).flatMap((role): NewRun[] => {
    if (role === "costs") return [{ ...same, role, draw: middle.draw, request: dearer }];
    if (role === "measure") return [{ ...same, role, draw: 0, request: measurement }];
    return request.walk === null ? [] : [{ ...same, role, draw: 0, request: walkOf(request, backtest, request.walk) }];
  });
}

function walkOf(
  { symbols, symbol, timeframe, insisted, initialCapital, commission, slippage }: CampaignState["request"],
  { strategy, strategySha256 = "" }: BacktestRequest,
  walk: NonNullable<CampaignState["request"]["walk"]>,
): WalkForwardRequest {
  return {
    kind: "walk_forward",
    strategy,
    strategySha256,
    symbol,
    timeframe,
    ...(symbols === undefined ? {} : { symbols }),
    ...(insisted === undefined ? {} : { insisted }),
    ...walk,
    initialCapital,
    commission,
    slippage,
  };
}

/** So many first backtests, none of which completed, are no accident. */
const MANY_FAILED = 3;

/** Whether even the best finalist can no longer rise above luck, by all trials that are still to come. */
function futility(state: CampaignState, points: readonly NewPoint[], ended: "first" | "tests"): CampaignStop | null {
  const shown = points.flatMap(({ n }) => {
    const sharpes = testsOf(state.runs, n).map((run) => run.figures?.sharpe ?? 0);
    return sharpes.length === 0 ? [] : [median(sharpes)];
  });
  if (shown.length === 0) {
    if (ended === "first" && points.length < MANY_FAILED) return null;
    return { reason: "failures", says: "No backtest of a finalist completed." };
  }
  const best = Math.max(...shown);
  const question: FutilityQuestion = {
    best,
    error: sharpeErrorOver(best, state.request),
    shown: shown.length,
    complete: ended === "tests",
    trials: state.tried + trialsToCome(state, points),
    years: yearsOf(state.request),
  };
  return isFutile(question) ? { reason: "futility", says: futilityText(question) } : null;
}

/** Of all finalists, as far as they are paid. */
function trialsToCome(state: CampaignState, points: readonly NewPoint[]): number {
  const { request, runs } = state;
  const planned = points.length * trialsOfFinalist(request);
  const begun = runs.filter(({ role }) => role === "test").length;
  return Math.max(0, Math.min(planned - begun, trialsLeft(state)));
}
