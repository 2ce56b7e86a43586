/**
 * A whole campaign without any part: each step is planned by the product's own nextStep, and its jobs end as a planted
 * world has them end. What a job shows follows from its seed, point and draw alone, never from when it is asked for.
 */
import { hash } from "node:crypto";
import type { Point } from "../../../src/domain/campaign/dimension.ts";
import { nextStep } from "../../../src/domain/campaign/next-step.ts";
import type { Judge } from "../../../src/domain/campaign/proposals.ts";
import { ladderFor, POINTS_MEASURED } from "../../../src/domain/campaign/reckoning.ts";
import { mixed } from "../../../src/domain/campaign/seeded-random.ts";
import type {
  CampaignRun,
  CampaignState,
  RecordedStep,
  NewPoint,
  NewRun,
  Plan,
  RunFigures,
} from "../../../src/domain/campaign/state.ts";
import type { CampaignRequest } from "../../../src/domain/kinds/campaign.ts";
import { normalQuantile } from "../../../src/domain/luck/normal.ts";
import { yearsOf } from "../../../src/domain/results/sharpe-error.ts";
import { mean } from "../../../src/domain/statistics.ts";

/** Sharpe ratios are annual. Deviations are those of draws of one point. */
export interface World {
  /** True validation loss after so many epochs. */
  readonly loss: (values: Point, epochs: number) => number;
  readonly lossDeviation: number;
  /** True Sharpe ratio of the median model. */
  readonly sharpe: (values: Point) => number;
  readonly sharpeDeviation: number;
  /** What twice the costs take of a Sharpe ratio. */
  readonly costs: number;
  /** How often a job fails. */
  readonly failing: number;
  /** Jobs that fail in any case. */
  readonly breaks?: (run: NewRun) => boolean;
}

/** Of the variance that the days of a test bring, what all points share, and what all draws of a point share. */
const MARKET = 0.2;
const OF_A_POINT = 0.4;

const BACKTEST_SECONDS = 9;
const SECONDS_AN_EPOCH = 1;
const PURPOSES = ["loss", "market", "point", "draw", "model", "fails", "walk"] as const;

/** What the jobs of points show in a world. */
export class Shown {
  readonly world: World;
  readonly request: CampaignRequest;
  private readonly seed: number;

  constructor(world: World, request: CampaignRequest, seed: number) {
    this.world = world;
    this.request = request;
    this.seed = seed;
  }

  private uniform(purpose: (typeof PURPOSES)[number], ...ids: readonly number[]): number {
    return (mixed(this.seed, PURPOSES.indexOf(purpose), ...ids) + 0.5) / 2 ** 32;
  }

  private normal(purpose: (typeof PURPOSES)[number], ...ids: readonly number[]): number {
    return normalQuantile(this.uniform(purpose, ...ids));
  }

  loss({ n, values }: Pick<NewPoint, "n" | "values">, rung: number, draw: number): number {
    const epochs = ladderFor(this.request)[rung]?.epochs ?? this.request.epochs;
    return this.world.loss(values, epochs) + this.world.lossDeviation * this.normal("loss", n, rung, draw);
  }

  /** The true Sharpe ratio of a draw's model. */
  truth({ n, values }: Pick<NewPoint, "n" | "values">, draw: number): number {
    return this.world.sharpe(values) + this.world.sharpeDeviation * this.normal("model", n, draw);
  }

  /** What its backtest shows. All runs meet the same days. */
  sharpe(point: Pick<NewPoint, "n" | "values">, draw: number): number {
    const own = Math.sqrt(1 - MARKET - OF_A_POINT) * this.normal("draw", point.n, draw);
    return this.truth(point, draw) + (this.days(point) + own) / Math.sqrt(yearsOf(this.request));
  }

  private days({ n }: Pick<NewPoint, "n">): number {
    return Math.sqrt(MARKET) * this.normal("market") + Math.sqrt(OF_A_POINT) * this.normal("point", n);
  }

  /** The Sharpe ratio of each window of its walk-forward. The last ones lie on the days of the test. */
  windows(point: NewPoint): number[] {
    const { walk } = this.request;
    if (walk === null) return [];
    const count = walk.windows.length;
    const years = yearsOf(walk) / count;
    const tested = Math.min(count, Math.max(1, Math.round(yearsOf(this.request) / years)));
    return walk.windows.map((_, at) => {
      const same = at >= count - tested ? 1 / tested : 0;
      const own = Math.sqrt(1 - same * (MARKET + OF_A_POINT)) * this.normal("walk", point.n, at);
      return this.world.sharpe(point.values) + (Math.sqrt(same) * this.days(point) + own) / Math.sqrt(years);
    });
  }

  fails(run: NewRun): boolean {
    const { point, role, rung, draw } = run;
    if (this.world.breaks?.(run) === true) return true;
    return this.uniform("fails", point, role.length, rung, draw) < this.world.failing;
  }

  figures(run: NewRun, point: NewPoint): RunFigures {
    const { role, rung, draw } = run;
    if (role === "train") {
      return { ...NONE, loss: this.loss(point, rung, draw), modelPath: `models/p${point.n}/r${rung}/d${draw}` };
    }
    if (role === "walk") {
      const shown = this.windows(point);
      const years = this.request.walk === null ? 0 : yearsOf(this.request.walk);
      const [sharpe, windows] = [mean(shown), shown.length];
      const positive = shown.filter((one) => one > 0).length;
      return { ...NONE, sharpe, t: sharpe * Math.sqrt(years), windows, positive, worst: Math.min(...shown) };
    }
    if (role === "measure") return { ...NONE, agrees: true };
    const sharpe = this.sharpe(point, draw) - (role === "costs" ? this.world.costs : 0);
    return { ...NONE, sharpe, totalReturn: sharpe / 10, maxDrawdown: 0.1, trades: 60, excessSharpe: sharpe - 0.5 };
  }

  /** KTRDR's computing. */
  seconds({ role, rung }: Pick<NewRun, "role" | "rung">): number {
    const { epochs, walk } = this.request;
    if (role === "train") return SECONDS_AN_EPOCH * (ladderFor(this.request)[rung]?.epochs ?? epochs);
    if (role === "measure") return (POINTS_MEASURED / 2) * BACKTEST_SECONDS;
    if (role !== "walk" || walk === null) return BACKTEST_SECONDS;
    const backtests = (walk.draws + 1) * BACKTEST_SECONDS;
    return walk.windows.length * (walk.draws * SECONDS_AN_EPOCH * epochs + backtests);
  }
}

const NONE: RunFigures = {
  loss: null,
  modelPath: null,
  sharpe: null,
  totalReturn: null,
  maxDrawdown: null,
  trades: null,
  excessSharpe: null,
  t: null,
  windows: null,
  positive: null,
  worst: null,
  agrees: null,
};

export interface Simulation {
  readonly request: CampaignRequest;
  readonly baseText: string;
  readonly world: World;
  readonly seed: number;
  readonly judge?: Judge;
  /** Backtests of the symbol before, and what the operator's limit allows. */
  readonly tried?: number;
  readonly left?: number | null;
  /** What others do before a step is planned. */
  readonly steer?: (state: CampaignState) => Partial<Pick<CampaignState, "orders" | "left" | "tried">>;
  /** Sees each plan, before its jobs run. */
  readonly watch?: (state: CampaignState, plan: Plan) => void;
}

/** More steps than any campaign has. */
const MOST_STEPS = 5_000;
const BEGAN = new Date("2026-01-05T18:00:00Z");

/** @throws Error when it does not end */
export function simulated(simulation: Simulation): CampaignState {
  const { request, baseText, world, seed, judge = () => null, tried = 0, left = null, steer, watch } = simulation;
  const shown = new Shown(world, request, seed);
  let state: CampaignState = {
    orders: [],
    points: [],
    steps: [],
    runs: [],
    jobId: "campaign-5ef1c3a9d2b04e76",
    request,
    baseText,
    now: BEGAN,
    tried,
    left,
    sha256: (text) => hash("sha256", text),
  };
  for (let step = 0; step < MOST_STEPS; step += 1) {
    state = { ...state, ...steer?.(state) };
    const plan = nextStep(state, judge);
    watch?.(state, plan);
    state = computed(state, plan, shown);
    if (plan.stage === "over") return state;
  }
  throw new Error(`it has not ended after ${MOST_STEPS} steps`);
}

/** The record when all jobs of a step have ended. */
function computed(before: CampaignState, plan: Plan, shown: Shown): CampaignState {
  const { stage, bracket, rung, stop } = plan;
  const step: RecordedStep = { step: before.steps.length, stage, bracket, rung, stop };
  const points = [...before.points, ...plan.points];
  let { left, tried } = before;
  const runs = plan.runs.map((run, at): CampaignRun => {
    const point = points[run.point];
    if (point === undefined) throw new Error(`there is no point ${run.point}`);
    const isTrial = run.role !== "train" && run.role !== "measure";
    const failed = shown.fails(run) || (isTrial && left !== null && left <= 0);
    if (isTrial && !failed) [left, tried] = [left === null ? null : left - 1, tried + 1];
    const n = before.runs.length + at;
    const seconds = shown.seconds(run);
    const ended = { n, step: step.step, jobId: `job-${n}` };
    return failed
      ? { ...run, ...ended, status: "failed", seconds: seconds / 2, figures: null }
      : { ...run, ...ended, status: "completed", seconds, figures: shown.figures(run, point) };
  });
  const lanes = Math.max(1, Math.min(before.request.atOnce, runs.length));
  const lasted = runs.reduce((sum, { seconds }) => sum + seconds, 0) / lanes;
  const now = new Date(before.now.getTime() + lasted * 1_000);
  return { ...before, points, steps: [...before.steps, step], runs: [...before.runs, ...runs], now, left, tried };
}

/** A base of few lines, since a simulation writes hundreds of strategies. */
export const SMALL_BASE = `name: small
place: {x: 0.5, y: 0.5, z: 0.5}
count: 3
kind: a
training: {epochs: 81, learning_rate: 0.001, labels: {source: zigzag, zigzag_threshold: 0.03}}
`;

/** A campaign over SMALL_BASE with three dimensions between 0 and 1. */
export const SMALL_CAMPAIGN: CampaignRequest = {
  kind: "campaign",
  strategy: "small",
  strategySha256: hash("sha256", SMALL_BASE),
  symbol: "SIM",
  timeframe: "1d",
  train: { startDate: "2000-01-03", endDate: "2014-12-31" },
  startDate: "2015-01-02",
  endDate: "2019-12-31",
  dimensions: ["x", "y", "z"].map((axis) => ({ op: "set", target: `place.${axis}`, float: [0, 1] })),
  method: "spread",
  seed: 1,
  epochs: 81,
  budget: { trainings: 300, trials: 28, hours: null, deadline: null },
  finalists: 4,
  draws: 5,
  walk: {
    anchored: false,
    gap: 0,
    startDate: "2004-01-02",
    endDate: "2019-12-31",
    draws: 3,
    windows: Array.from({ length: 6 }, () => {
      const days = { startDate: "2000-01-03", endDate: "2003-12-31" };
      return { train: days, test: days, readFrom: "2003-10-01" };
    }),
  },
  initialCapital: 100_000,
  commission: 0.001,
  slippage: 0.0005,
  atOnce: 4,
};
