/** What is on record of a campaign: what its next step is planned from, and what its answers tell. */
import type { CampaignBudget, CampaignRequest, CampaignStop } from "../kinds/campaign.ts";
import type { JobRequest } from "../kinds/index.ts";
import type { FinalStatus } from "../outcome.ts";
import type { CampaignOrder, LowerBudget } from "./orders.ts";
import type { Point } from "./dimension.ts";

/**
 * The steps of a campaign in their order. rung: trainings of a bracket, with so many epochs; redraw: more trainings of the
 * best points; first: one backtest of each finalist; draws: their missing trainings; tests: the backtests of these; proof:
 * twice the costs, walk-forward and measurement; over: nothing more is begun.
 */
export const STAGES = ["rung", "redraw", "first", "draws", "tests", "proof", "over"] as const;
export type Stage = (typeof STAGES)[number];

export const ORIGINS = ["spread", "adaptive", "suggested"] as const;

export interface NewPoint {
  /** 0-based over the whole campaign. */
  readonly n: number;
  readonly bracket: number;
  readonly origin: (typeof ORIGINS)[number];
  readonly values: Point;
  /** Why it is no valid strategy; null when it is one. */
  readonly refused: string | null;
}

export const ROLES = ["train", "test", "costs", "walk", "measure"] as const;

export interface NewRun {
  readonly point: number;
  readonly role: (typeof ROLES)[number];
  /** Index in the ladder; the last one for everything after the search. */
  readonly rung: number;
  /** 1-based; of a walk-forward and a measurement 0. */
  readonly draw: number;
  /** The job, complete. */
  readonly request: JobRequest;
}

export interface PlannedStep {
  readonly stage: Stage;
  readonly bracket: number | null;
  readonly rung: number | null;
  /** Why the search ended with this step, or all of it with the last one. */
  readonly stop: CampaignStop | null;
}

/** A step that is written down before any of its jobs starts. */
export interface Plan extends PlannedStep {
  readonly points: readonly NewPoint[];
  readonly runs: readonly NewRun[];
}

/** Figures of a job that completed; null where its kind has none. Ratios, Sharpe ratios annual. */
export interface RunFigures {
  /** Of the saved model. */
  readonly loss: number | null;
  readonly modelPath: string | null;
  readonly sharpe: number | null;
  readonly totalReturn: number | null;
  readonly maxDrawdown: number | null;
  readonly trades: number | null;
  readonly excessSharpe: number | null;
  readonly t: number | null;
  readonly windows: number | null;
  readonly positive: number | null;
  readonly worst: number | null;
  /** Of a measurement: whether its model is the one on record. */
  readonly agrees: boolean | null;
}

export interface CampaignRun extends NewRun {
  /** 0-based over the whole campaign. */
  readonly n: number;
  readonly step: number;
  /** Null until it was prepared. */
  readonly jobId: string | null;
  /** Null until the job is on record. */
  readonly status: "open" | FinalStatus | null;
  /** Time in which KTRDR's workers computed it. */
  readonly seconds: number;
  /** Null unless it completed. */
  readonly figures: RunFigures | null;
}

/**
 * Whether a job ended without figures. One that could not be prepared is never on record.
 * @param isOver whether its step has ended
 */
export const hasFailed = ({ status }: Pick<CampaignRun, "status">, isOver: boolean): boolean =>
  status === null ? isOver : status !== "open" && status !== "completed";

export interface RecordedStep extends PlannedStep {
  readonly step: number;
}

/** All lists in their order. */
export interface CampaignRecord {
  readonly orders: readonly CampaignOrder[];
  readonly points: readonly NewPoint[];
  readonly steps: readonly RecordedStep[];
  readonly runs: readonly CampaignRun[];
}

export interface CampaignState extends CampaignRecord {
  readonly jobId: string;
  readonly request: CampaignRequest;
  /** Text of the base strategy, as it was when the campaign began. */
  readonly baseText: string;
  readonly now: Date;
  /** Backtests of the symbol whose figures were shown, and how many the operator's limit still allows; null without one. */
  readonly tried: number;
  readonly left: number | null;
  /** SHA-256 of a text, as of a strategy's file. */
  readonly sha256: (text: string) => string;
}

/** Whether the next step may be a bracket of new points. */
export const mayPropose = ({ steps }: Pick<CampaignRecord, "steps">): boolean =>
  steps.every(({ stage }) => stage === "rung");

/** The budget as it stands after all orders: the lowest of each. */
export function budgetOf({ request, orders }: Pick<CampaignState, "request" | "orders">): CampaignBudget {
  return orders
    .flatMap(({ order }) => (order.kind === "budget" ? [order.budget] : []))
    .reduce<CampaignBudget>(lowest, request.budget);
}

/** Two orders may come at the same moment, so the later one may be the higher. */
const lowest = (budget: CampaignBudget, order: LowerBudget): CampaignBudget => ({
  trainings: Math.min(budget.trainings, order.trainings ?? Number.POSITIVE_INFINITY),
  trials: Math.min(budget.trials, order.trials ?? Number.POSITIVE_INFINITY),
  hours: least(budget.hours, order.hours ?? null, (a, b) => a < b),
  deadline: least(budget.deadline, order.deadline ?? null, (a, b) => Date.parse(a) < Date.parse(b)),
});

const least = <T>(one: T | null, other: T | null, isLess: (a: T, b: T) => boolean): T | null =>
  one === null || (other !== null && isLess(other, one)) ? other : one;

const TRIED: ReadonlySet<string> = new Set(["test", "costs", "walk"]);

export interface Used {
  readonly trainings: number;
  readonly trials: number;
  readonly hours: number;
}

/** What was used up, that of open jobs included. Those of a walk-forward are its trainings. */
export const usedBy = ({ request, runs }: Pick<CampaignState, "request" | "runs">): Used => ({
  ...usedUp(request, runs),
  hours: runs.reduce((sum, { seconds }) => sum + seconds, 0) / 3600,
});

/** Trainings and trials of jobs, begun or planned. */
export function usedUp(
  { walk }: Pick<CampaignRequest, "walk">,
  runs: readonly Pick<NewRun, "role">[],
): Pick<Used, "trainings" | "trials"> {
  const walked = walk === null ? 0 : walk.windows.length * walk.draws;
  const count = (role: string) => runs.filter((run) => run.role === role).length;
  return {
    trainings: count("train") + walked * count("walk"),
    trials: runs.filter(({ role }) => TRIED.has(role)).length,
  };
}
