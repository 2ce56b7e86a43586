/**
 * Simulated campaigns, planned by the product's own nextStep: how good the model truly is that leads them, beside a random
 * search of as many hours of KTRDR; how often campaigns among worthless points have a finalist that passes for an edge,
 * and how often a planted edge passes; and how long it takes to plan a bracket.
 * `CAMPAIGNS=200` simulates more of each kind, `SEED=2` others.
 */
import type { Point } from "../src/domain/campaign/dimension.ts";
import { nextStep } from "../src/domain/campaign/next-step.ts";
import { seededRandom } from "../src/domain/campaign/seeded-random.ts";
import { pointAt } from "../src/domain/campaign/space.ts";
import { standingOf } from "../src/domain/campaign/standing.ts";
import { usedBy, type CampaignState } from "../src/domain/campaign/state.ts";
import { middleDraw, testsOf } from "../src/domain/campaign/tested.ts";
import type { CampaignRequest, Finalist } from "../src/domain/kinds/campaign.ts";
import { CANDIDATE_LUCK } from "../src/domain/luck/luck.ts";
import { runLuck } from "../src/domain/luck/run-luck.ts";
import { yearsOf } from "../src/domain/results/sharpe-error.ts";
import { mean } from "../src/domain/statistics.ts";
import { EXAMPLE_NAME, EXAMPLE_STRATEGY } from "../src/domain/strategy/guide-example.ts";
import { validateStrategy } from "../src/domain/strategy/validate.ts";
import { EVERYTHING } from "../test/domain/campaign/dimensions.ts";
import { Shown, simulated, SMALL_BASE, SMALL_CAMPAIGN, type World } from "../test/domain/campaign/simulated.ts";
import { quantile, report, timed } from "./support.ts";

const CAMPAIGNS = Number(process.env["CAMPAIGNS"] ?? 20);
const SEED = Number(process.env["SEED"] ?? 1);
const BARS = 252;

const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits));
const percent = (of: readonly boolean[]): number => rounded((100 * of.filter(Boolean).length) / of.length, 1);
const seeds = (count: number): number[] => Array.from({ length: count }, (_, at) => 1_000 * SEED + at);

const PLACE: Point = { "place.x": 0.3, "place.y": 0.7, "place.z": 0.4 };

/** From 1 at the place to 0 far from it. */
function nearness(values: Point, place: Point = PLACE): number {
  const squares = Object.entries(place).map(([name, at]) => (Number(values[name]) - Number(at)) ** 2);
  return Math.exp(-squares.reduce((sum, one) => sum + one, 0) / (2 * 0.25 ** 2));
}

const PLANTED: World = {
  loss: (values, epochs) => 1 - 0.3 * nearness(values) + 1 / epochs,
  lossDeviation: 0.03,
  sharpe: (values) => 1.8 * nearness(values) - 0.3,
  sharpeDeviation: 0.2,
  costs: 0.1,
  failing: 0,
};
const ELSEWHERE = { "place.x": 0.8, "place.y": 0.1, "place.z": 0.6 };
const SURFACES: Readonly<Record<string, World>> = {
  planted: PLANTED,
  noisy: { ...PLANTED, lossDeviation: 0.15, sharpeDeviation: 0.4 },
  "loss misleads": { ...PLANTED, loss: (values, epochs) => 1 - 0.3 * nearness(values, ELSEWHERE) + 1 / epochs },
};

/** How often the best of so many worthless strategies looks this good. */
function luckOf(sharpe: number, trials: number, years: number): number {
  const told = { ktrdrSharpe: sharpe, trades: 60, symbol: "SIM", deviation: null, worthless: null };
  return runLuck({ ...told, sharpe, trials, returns: Math.round(years * BARS) }).probability ?? 1;
}

/** The model that leads a campaign: the middle draw of the first finalist. Sharpe ratios: what it showed, and the true one. */
function leads(state: CampaignState, shown: Shown) {
  const [first] = standingOf(state).finalists;
  const point = first === undefined ? undefined : state.points[first.point];
  const middle = point === undefined ? null : middleDraw(testsOf(state.runs, point.n));
  if (point === undefined || middle === null) return { sharpe: 0, truth: 0 };
  return { sharpe: middle.figures?.sharpe ?? 0, truth: shown.truth(point, middle.draw) };
}

/** Each point trained once with all epochs and backtested once, until the hours are used up. */
function randomSearch(shown: Shown, hours: number, seed: number) {
  const { request } = shown;
  const random = seededRandom(seed, 77);
  const last = { role: "train", rung: 2 } as const;
  const each = shown.seconds(last) + shown.seconds({ role: "test", rung: 2 });
  const models = Array.from({ length: Math.max(1, Math.floor((3_600 * hours) / each)) }, (_, at) => {
    const values = pointAt(
      request.dimensions,
      request.dimensions.map(() => random()),
      {},
    );
    const point = { n: 100_000 + at, values };
    return { sharpe: shown.sharpe(point, 1), loss: shown.loss(point, 2, 1), truth: shown.truth(point, 1) };
  });
  const best = (of: (model: (typeof models)[number]) => number) =>
    models.reduce((one, other) => (of(other) > of(one) ? other : one));
  const [bySharpe, byLoss] = [best(({ sharpe }) => sharpe), best(({ loss }) => -loss)];
  const passes = luckOf(bySharpe.sharpe, models.length, yearsOf(request)) <= CANDIDATE_LUCK;
  return { trials: models.length, bySharpe: bySharpe.truth, byLoss: byLoss.truth, passes };
}

function winners(surface: string, world: World, method: CampaignRequest["method"], trainings: number) {
  const rows = seeds(CAMPAIGNS).map((seed) => {
    const budget = { trainings: trainings + 8, trials: 24, hours: null, deadline: null };
    const request = { ...SMALL_CAMPAIGN, method, seed, walk: null, budget };
    const state = simulated({ request, baseText: SMALL_BASE, world, seed });
    const shown = new Shown(world, request, seed);
    const { hours, trials } = usedBy(state);
    const { sharpe, truth } = leads(state, shown);
    const isFound = luckOf(sharpe, trials, yearsOf(request)) <= CANDIDATE_LUCK;
    return { hours, trials, truth, passes: isFound, random: randomSearch(shown, hours, seed) };
  });
  const over = (of: (row: (typeof rows)[number]) => number, digits = 2) => rounded(mean(rows.map(of)), digits);
  return {
    surface,
    method,
    trainings,
    hours: over(({ hours }) => hours),
    trials: over(({ trials }) => trials, 0),
    "true Sharpe": over(({ truth }) => truth),
    "luck <= 5 % (%)": percent(rows.map(({ passes }) => passes)),
    "random: trials": over(({ random }) => random.trials, 0),
    "by Sharpe": over(({ random }) => random.bySharpe),
    "its luck <= 5 % (%)": percent(rows.map(({ random }) => random.passes)),
    "by loss": over(({ random }) => random.byLoss),
  };
}

await report(
  "campaigns and random search",
  Object.entries(SURFACES).flatMap(([surface, world]) =>
    [30, 100, 300].flatMap((trainings) =>
      (["spread", "adaptive"] as const).map((method) => winners(surface, world, method, trainings)),
    ),
  ),
);

/** What a finalist passes, counting all trials of its campaign. */
function passed(
  { middle, sharpes, median, costs, walk }: Finalist & { middle: number },
  trials: number,
  years: number,
) {
  const luck = luckOf(middle, trials, years) <= CANDIDATE_LUCK;
  const walked = walk !== null && (walk.t ?? 0) >= 2 && 2 * walk.positive > walk.windows;
  const drawn = sharpes.length >= 5 && (median ?? 0) > 0 && sharpes.filter((one) => (one ?? 0) > 0).length >= 4;
  return { luck, all: luck && walked && drawn && (costs?.sharpe ?? 0) > 0 };
}

interface Sought {
  readonly name: string;
  readonly edge: number;
  readonly years: number;
  readonly campaigns: number;
  /** By how many deviations of a draw the loss of good points is lower. */
  readonly signal: number;
}

/** One point in five is good; the others are worthless. */
function sought({ name, edge, years, campaigns, signal }: Sought) {
  const isGood = (values: Point) => edge > 0 && Number(values["place.x"]) < 0.2;
  const world: World = {
    ...PLANTED,
    loss: (values, epochs) => 1 + 1 / epochs - (isGood(values) ? 0.05 * signal : 0),
    lossDeviation: 0.05,
    sharpe: (values) => (isGood(values) ? edge : 0),
    sharpeDeviation: 0,
  };
  const startDate = `${2020 - years}-01-01`;
  const walk = SMALL_CAMPAIGN.walk === null ? null : { ...SMALL_CAMPAIGN.walk, startDate: `${2012 - years}-01-01` };
  const budget = { ...SMALL_CAMPAIGN.budget, trainings: 190 };
  const found = seeds(campaigns).map((seed) => {
    const request = { ...SMALL_CAMPAIGN, startDate, walk, budget, seed };
    const state = simulated({ request, baseText: SMALL_BASE, world, seed });
    const finalists = standingOf(state).finalists.map((finalist) => {
      const middle = middleDraw(testsOf(state.runs, finalist.point))?.figures?.sharpe ?? 0;
      return { ...finalist, middle };
    });
    const right = finalists.filter(({ values }) => edge === 0 || isGood(values));
    const told = right.map((finalist) => passed(finalist, state.tried, yearsOf(request)));
    return {
      luck: told.some(({ luck }) => luck),
      all: told.some(({ all }) => all),
      vain: state.steps.at(-1)?.stop?.reason === "futility",
      trials: state.tried,
    };
  });
  return {
    what: name,
    "true Sharpe": edge,
    years,
    campaigns,
    trials: rounded(mean(found.map(({ trials }) => trials)), 1),
    "in vain (%)": percent(found.map(({ vain }) => vain)),
    "luck <= 5 % (%)": percent(found.map(({ luck }) => luck)),
    "all gates (%)": percent(found.map(({ all }) => all)),
  };
}

/** A rate of 5 % takes many. */
const WORTHLESS = 10 * CAMPAIGNS;

await report("campaigns: false champions and power", [
  sought({ name: "all worthless", edge: 0, years: 5, campaigns: WORTHLESS, signal: 0 }),
  ...[1, 1.5, 2].flatMap((edge) =>
    [5, 10, 15].map((years) =>
      sought({ name: "one in five is good", edge, years, campaigns: 2 * CAMPAIGNS, signal: 2 }),
    ),
  ),
  sought({ name: "the same, the loss says nothing", edge: 1.5, years: 10, campaigns: 2 * CAMPAIGNS, signal: 0 }),
]);

/** A record from which a further bracket is planned. Losses fall for ever, so that no plateau ends the search. */
function recordOf(trainings: number): CampaignState {
  let losses = 0;
  const world = { ...PLANTED, lossDeviation: 0, loss: () => (losses -= 1) };
  const dimensions = EVERYTHING.filter(({ op }) => op !== "set_labels");
  const budget = { trainings: 3 * trainings + 200, trials: 28, hours: null, deadline: null };
  const request = { ...SMALL_CAMPAIGN, strategy: EXAMPLE_NAME, dimensions, method: "adaptive" as const, budget };
  let found: CampaignState | null = null;
  simulated({
    request,
    baseText: EXAMPLE_STRATEGY,
    world,
    seed: SEED,
    steer: (state) => {
      if (state.steps.at(-1)?.rung !== 2 || usedBy(state).trainings < trainings) return {};
      found ??= state;
      return {
        orders: [{ order: { kind: "finish" }, reason: "enough", client: "bench", at: state.now.toISOString() }],
      };
    },
  });
  if (found === null) throw new Error(`no campaign had ${trainings} trainings`);
  return found;
}

const ROUNDS = 7;

async function planning(trainings: number) {
  const state = recordOf(trainings);
  const text = JSON.stringify({ points: state.points, runs: state.runs, steps: state.steps });
  const judge = (strategy: string, fileName: string) =>
    validateStrategy({ text: strategy, fileName }).findings.some(({ severity }) => severity === "error") ? "no" : null;
  const [plans, parses]: [number[], number[]] = [[], []];
  let points = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    plans.push(await timed(async () => (points = nextStep(state, judge).points.length)));
    parses.push(await timed(async () => JSON.parse(text) as unknown));
  }
  const [plan, parse] = [quantile(plans, 0.5), quantile(parses, 0.5)];
  return {
    trainings: usedBy(state).trainings,
    "points planned": points,
    "planned in (ms)": plan,
    "a point (ms)": rounded(plan / points),
    "record parsed as JSON (ms)": parse,
    ratio: rounded(plan / parse, 1),
  };
}

await report("campaigns: planning a bracket", [await planning(54), await planning(300), await planning(1_000)]);
