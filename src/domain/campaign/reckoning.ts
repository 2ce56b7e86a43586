/** What steps of a campaign cost, and what the rest of its budget pays. */
import { budgetOf, usedBy, type CampaignState, type NewRun, type Used } from "./state.ts";
import type { CampaignRequest } from "../kinds/campaign.ts";
import { ladderOf, survivors, trainingsOfBracket, type Ladder } from "./rungs.ts";

/** Trainings of a point on the last rung. */
const LAST_DRAWS = 3;
/** Of the trainings of an adaptive search, so many are spent on drawing the best points again. */
const REDRAWN = 0.4;
/** A search among fewer points is none. */
export const FEWEST_POINTS = 3;
/** Month ends by which a finalist is measured. */
export const POINTS_MEASURED = 24;

export const ladderFor = ({ epochs }: Pick<CampaignRequest, "epochs">): Ladder =>
  ladderOf({ epochs, draws: LAST_DRAWS });

type Wanted = Pick<CampaignRequest, "draws" | "walk" | "commission" | "slippage" | "epochs">;

export const paysCosts = ({ commission, slippage }: Pick<CampaignRequest, "commission" | "slippage">): boolean =>
  commission > 0 || slippage > 0;

/** Backtests and walk-forwards of one finalist. */
export const trialsOfFinalist = (request: Wanted): number =>
  request.draws + (paysCosts(request) ? 1 : 0) + (request.walk === null ? 0 : 1);

/** Trainings of one finalist beside those of the search. */
export const trainingsOfFinalist = ({ draws, walk }: Wanted): number =>
  Math.max(0, draws - LAST_DRAWS) + (walk === null ? 0 : walk.windows.length * walk.draws);

/** How many finalists a budget of trials pays, at most those that were asked for. */
export const finalistsPaid = (request: Wanted & Pick<CampaignRequest, "finalists">, trials: number): number =>
  Math.max(0, Math.min(request.finalists, Math.floor(trials / trialsOfFinalist(request))));

/** Trials of all finalists that its budget pays. */
export const trialsPlanned = (request: CampaignRequest): number =>
  finalistsPaid(request, request.budget.trials) * trialsOfFinalist(request);

/** Trials that may still begin: by the budget, and by the operator's limit on the symbol. */
export function trialsLeft(state: CampaignState): number {
  const left = budgetOf(state).trials - usedBy(state).trials;
  return state.left === null ? left : Math.min(left, state.left);
}

/** Trainings that are left for the search, those that finalists need put aside. */
export function searchTrainingsLeft(state: Pick<CampaignState, "request" | "runs" | "orders">): number {
  const { request } = state;
  const budget = budgetOf(state);
  const kept = finalistsPaid(request, budget.trials) * trainingsOfFinalist(request);
  return budget.trainings - kept - usedBy(state).trainings;
}

/** Trainings that are left for new points: an adaptive search keeps some for drawing the best ones again. */
export function bracketTrainingsLeft(state: CampaignState): number {
  const left = searchTrainingsLeft(state);
  if (state.request.method === "spread") return left;
  const all = left + usedBy(state).trainings;
  const least = trainingsOfBracket(FEWEST_POINTS, ladderFor(state.request));
  return left - Math.max(0, Math.min(Math.floor(REDRAWN * all), all - least));
}

export interface Pace {
  /** Seconds of KTRDR's computing; 0 while none was seen. */
  readonly anEpoch: number;
  readonly aBacktest: number;
}

export function paceOf({ request, runs }: Pick<CampaignState, "request" | "runs">): Pace {
  const ladder = ladderFor(request);
  const timed = runs.filter(({ seconds, status }) => status === "completed" && seconds > 0);
  const trained = timed.filter(({ role }) => role === "train");
  const tested = timed.filter(({ role }) => role === "test" || role === "costs");
  const sum = (of: typeof timed) => of.reduce((total, { seconds }) => total + seconds, 0);
  const epochs = trained.reduce((total, { rung }) => total + (ladder[rung]?.epochs ?? request.epochs), 0);
  return {
    anEpoch: epochs === 0 ? 0 : sum(trained) / epochs,
    aBacktest: tested.length === 0 ? 0 : sum(tested) / tested.length,
  };
}

/** What the cost of a job follows from. */
export type Costed = Pick<NewRun, "role" | "rung">;

/** KTRDR's hours that planned jobs will take, by what the campaign's jobs took so far; 0 while no training has ended. */
export function hoursOf(state: Pick<CampaignState, "request" | "runs">, runs: readonly Costed[]): number {
  const { request } = state;
  const ladder = ladderFor(request);
  const { anEpoch, aBacktest: seen } = paceOf(state);
  // While none was seen, a backtest counts as much as a training of the first rung.
  const aBacktest = seen > 0 ? seen : anEpoch * ladder[0].epochs;
  const windows = request.walk?.windows.length ?? 0;
  const drawsWalked = request.walk?.draws ?? 0;
  const seconds: Record<Costed["role"], (rung: number) => number> = {
    train: (rung) => anEpoch * (ladder[rung]?.epochs ?? request.epochs),
    test: () => aBacktest,
    costs: () => aBacktest,
    // One more backtest of each window, on the days that it was trained on.
    walk: () => windows * (drawsWalked * anEpoch * request.epochs + (drawsWalked + 1) * aBacktest),
    // Its prefixes are half as long as the backtest on average.
    measure: () => (POINTS_MEASURED / 2) * aBacktest,
  };
  return runs.reduce((total, { role, rung }) => total + seconds[role](rung), 0) / 3600;
}

/** The steps by which so many points climb from a rung to the last one, when no training fails. */
export function climbSteps(state: Pick<CampaignState, "request">, points: number, from: number): Costed[][] {
  let count = points;
  return ladderFor(state.request)
    .slice(from)
    .map(({ draws }, at) => {
      const step = Array.from({ length: count * draws }, () => ({ role: "train" as const, rung: from + at }));
      count = survivors(count);
      return step;
    });
}

/** The steps of all that is done with the finalists that are paid. */
export const finalSteps = (state: CampaignState): Costed[][] =>
  stepsOfFinalists(state.request, finalistsPaid(state.request, Math.max(0, trialsLeft(state))));

/** The same of so many finalists. */
export function stepsOfFinalists(request: CampaignRequest, count: number): Costed[][] {
  const rung = ladderFor(request).length - 1;
  const each = (role: Costed["role"], times: number) =>
    Array.from({ length: count * times }, (): Costed => ({ role, rung }));
  return [
    each("test", 1),
    each("train", Math.max(0, request.draws - LAST_DRAWS)),
    each("test", request.draws - 1),
    [
      ...each("costs", paysCosts(request) ? 1 : 0),
      ...each("walk", request.walk === null ? 0 : 1),
      ...each("measure", 1),
    ],
  ];
}

export const whatIsLeft = (state: Pick<CampaignState, "request" | "runs" | "orders">): Used => {
  const [budget, used] = [budgetOf(state), usedBy(state)];
  return {
    trainings: Math.max(0, budget.trainings - used.trainings),
    trials: Math.max(0, budget.trials - used.trials),
    hours: budget.hours === null ? Number.POSITIVE_INFINITY : Math.max(0, budget.hours - used.hours),
  };
};
