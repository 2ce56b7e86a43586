/** Starts a campaign, after its space, its budgets and its periods were checked. */
import { checkSpace } from "../../domain/campaign/check-space.ts";
import { FEWEST_POINTS, ladderFor, trainingsOfFinalist, trialsOfFinalist } from "../../domain/campaign/reckoning.ts";
import { trainingsOfBracket } from "../../domain/campaign/rungs.ts";
import { nameOf, sizeOfSpace } from "../../domain/campaign/space.ts";
import { FEWEST_DRAWS } from "../../domain/registry/validation-gates.ts";
import { DomainError } from "../../domain/errors.ts";
import type { Costs } from "../../domain/kinds/backtest.ts";
import type { CampaignBudget, CampaignRequest } from "../../domain/kinds/campaign.ts";
import { overlaps, spanOf, toBars, toEpochMs, type DateWindow } from "../../domain/market-data.ts";
import { YEAR_MS } from "../../domain/results/bars-per-year.ts";
import { walkWindows } from "../../domain/walk-forward/windows.ts";
import type { StrategyFile } from "../../strategies/strategy-folder.ts";
import type { Asking } from "../asking.ts";
import type { Will } from "../strategies/clearance.ts";
import { checkData, fewBarsWarning, readStrategy } from "../strategies/preflight.ts";
import { marketOf, type Market } from "../strategies/training-market.ts";
import { plannedBatch } from "./batch-plan.ts";
import { epochsOf, horizonOf, searchable } from "./searchable.ts";
import { startJob } from "./start-job.ts";

/** Below that of single jobs, which somebody waits for. */
const PRIORITY = 4;
/** As of start_walk_forward. */
const ANCHORED_BELOW_YEARS = 10;

interface CampaignWish
  extends Will, Pick<CampaignRequest, "dimensions" | "method" | "seed" | "finalists" | "draws" | "atOnce"> {
  readonly strategy: string;
  readonly train: DateWindow;
  readonly test: DateWindow;
  /** Trials: absent for as many as the finalists need. */
  readonly budget: Omit<CampaignBudget, "trials"> & { readonly trials: number | undefined };
  /** Windows and draws of each finalist's walk-forward; no windows for none. */
  readonly walk: { readonly windows: number; readonly draws: number };
  readonly costs: Costs;
  readonly forceReason: string | null;
}

/** @throws DomainError `invalid_input` that says what would do, and those of a start */
export async function startCampaign(context: Asking, wish: CampaignWish) {
  const { deps, signal } = context;
  const file = await readStrategy(deps, wish.strategy);
  const market = marketOf(file, { symbols: undefined, timeframe: undefined });
  checkSpace(wish.dimensions, file.text);
  assertPeriods(wish);
  await checkData(deps, market, wish.train, signal);
  const stored = await checkData(deps, market, wish.test, signal);
  const request = await requestOf(context, wish, file, market);
  assertBudget(request);
  const answer = await startJob(context, {
    request,
    forceReason: wish.forceReason,
    priority: PRIORITY,
    experimentId: undefined,
    preflight: async () => {
      assertDeadline(request, await deps.now());
      // The checks of a batch of the base strategy on the same days.
      const { train, test } = wish;
      const plan = { ...wish, work: "both" as const, strategies: [file.name], periods: [{ train, test }] };
      const { check } = await plannedBatch(context, plan);
      const { strategies, warnings } = await check();
      const [checked] = strategies;
      if (checked?.strategySha256 !== file.sha256) throw changed(file.name);
      const { bars } = await readBars(context, market, train);
      searchable(file, wish.dimensions, { window: train, bars, insisted: checked.insisted ?? [] });
      const { insisted } = checked;
      return {
        request: insisted === undefined ? request : { ...request, insisted },
        warnings: [...warnings, ...fewBarsWarning(stored, test), ...unproposable(request)],
      };
    },
  });
  return { ...answer, request, ...(answer.existing ? {} : { plan: planOf(request) }) };
}

/** What its finalists would lack to wait for a human (docs/registry.md). */
function unproposable({ draws, walk }: CampaignRequest): string[] {
  const lacks = [
    draws < FEWEST_DRAWS ? `${FEWEST_DRAWS} draws (draws is ${draws})` : null,
    walk === null ? "a walk-forward (walk_windows is 0)" : null,
  ].filter((one) => one !== null);
  return lacks.length === 0
    ? []
    : [`No finalist can become a candidate for a human as it is: it needs ${lacks.join(" and ")}.`];
}

const readBars = async ({ deps, signal }: Asking, { symbol, timeframe }: Market, window: DateWindow) => {
  const { ohlcv, times } = await deps.reads.bars(symbol, timeframe, window, signal);
  return { bars: toBars(ohlcv), times };
};

async function requestOf(
  context: Asking,
  wish: CampaignWish,
  file: StrategyFile,
  market: Market,
): Promise<CampaignRequest> {
  const { train, test, dimensions, method, seed, finalists, draws, atOnce, costs, budget } = wish;
  const walk = wish.walk.windows === 0 ? null : await walkOf(context, wish, file, market);
  const parts = { walk, epochs: epochsOf(file), draws, finalists, ...costs };
  return {
    kind: "campaign",
    strategy: file.name,
    strategySha256: file.sha256,
    ...market,
    ...test,
    train,
    dimensions,
    method,
    seed,
    budget: { ...budget, trials: budget.trials ?? finalists * trialsOfFinalist(parts) },
    ...parts,
    atOnce,
  };
}

/** One walk-forward for all finalists, so that they compare: from the first training day to the last test day. */
async function walkOf(
  context: Asking,
  { train, test, walk, dimensions }: CampaignWish,
  file: StrategyFile,
  market: Market,
): Promise<CampaignRequest["walk"]> {
  const days = { startDate: train.startDate, endDate: test.endDate };
  const { times } = await readBars(context, market, days);
  const anchored = spanOf(days) < ANCHORED_BELOW_YEARS * YEAR_MS;
  const gap = horizonOf(context.deps, file, dimensions);
  const { windows } = walkWindows(times, { windows: walk.windows, anchored, gap });
  const [first, last] = [windows[0], windows.at(-1)];
  if (first === undefined || last === undefined) return null;
  return {
    anchored,
    gap,
    windows,
    draws: walk.draws,
    startDate: first.test.startDate,
    endDate: last.test.endDate,
  };
}

/** @throws DomainError `invalid_input` */
function assertPeriods({ train, test }: CampaignWish): void {
  for (const [name, { startDate, endDate }] of Object.entries({ train, test })) {
    if (toEpochMs(startDate) <= toEpochMs(endDate)) continue;
    throw new DomainError("invalid_input", {
      what: `The days of ${name} end before they begin.`,
      why: `${startDate} is after ${endDate}`,
      next: "swap or correct the dates",
    });
  }
  if (!overlaps(train, test) && test.startDate > train.endDate) return;
  throw new DomainError("invalid_input", {
    what: "The test must begin after the training ends.",
    why: `trained ${train.startDate} to ${train.endDate}, tested ${test.startDate} to ${test.endDate}: both days count`,
    next: "choose a test from the day after the last training day on",
  });
}

/** @throws DomainError `invalid_input` with the smallest budget that would do */
function assertBudget(request: CampaignRequest): void {
  const { budget, finalists } = request;
  const each = trialsOfFinalist(request);
  if (budget.trials < each) {
    throw short("trials", budget.trials, each, `one finalist takes ${each}: draws, twice the costs, walk-forward`);
  }
  const paid = Math.min(finalists, Math.floor(budget.trials / each));
  const kept = paid * trainingsOfFinalist(request);
  const least = kept + trainingsOfBracket(FEWEST_POINTS, ladderFor(request));
  if (budget.trainings < least) {
    const why = `${kept} are kept for the draws and walk-forwards of ${paid} finalists, and a search of ${FEWEST_POINTS} points takes ${least - kept}`;
    throw short("trainings", budget.trainings, least, why);
  }
}

/** @throws DomainError `invalid_input` */
function assertDeadline({ budget }: CampaignRequest, now: Date): void {
  if (budget.deadline === null || Date.parse(budget.deadline) > now.getTime()) return;
  throw new DomainError("invalid_input", {
    what: `The deadline ${budget.deadline} has passed.`,
    why: `it is ${now.toISOString()} now`,
    next: "give a later one, or none",
  });
}

const short = (what: "trials" | "trainings", given: number, least: number, why: string) =>
  new DomainError("invalid_input", {
    what: `${given} ${what} are too few: this campaign needs ${least} or more.`,
    why,
    next: `give more ${what}, or fewer finalists, draws or walk_windows`,
  });

const changed = (strategy: string) =>
  new DomainError("strategy_changed", {
    what: `The strategy ${strategy} was changed while it was checked.`,
    next: "repeat the call: it takes the new text",
  });

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** What its budget pays, before anything is computed. */
function planOf(request: CampaignRequest) {
  const { budget, finalists, dimensions } = request;
  const tested = Math.min(finalists, Math.floor(budget.trials / trialsOfFinalist(request)));
  const kept = tested * trainingsOfFinalist(request);
  return {
    dimensions: dimensions.map(nameOf),
    space: sizeOfSpace(dimensions) ?? "infinite",
    rungs: ladderFor(request).map(({ epochs, draws }) => `${counted(epochs, "epoch")}, ${counted(draws, "draw")}`),
    trainings_for_search: budget.trainings - kept,
    trainings_for_finalists: kept,
    finalists: tested,
    trials: tested * trialsOfFinalist(request),
  };
}
