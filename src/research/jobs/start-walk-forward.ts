/** Starts walk-forwards: one job, and one trial, for each strategy. */
import { DomainError, isDomainError } from "../../domain/errors.ts";
import type { Costs } from "../../domain/kinds/backtest.ts";
import type { WalkForwardRequest } from "../../domain/kinds/walk-forward.ts";
import { spanOf, type DateWindow } from "../../domain/market-data.ts";
import { YEAR_MS } from "../../domain/results/bars-per-year.ts";
import { walkWindows } from "../../domain/walk-forward/windows.ts";
import type { StrategyFile } from "../../strategies/strategy-folder.ts";
import type { Asking } from "../asking.ts";
import type { Will } from "../strategies/clearance.ts";
import { checkData, checkOrder, readStrategy } from "../strategies/preflight.ts";
import { marketOf } from "../strategies/training-market.ts";
import { plannedBatch } from "./batch-plan.ts";
import { startJob } from "./start-job.ts";

/** Below that of single jobs, which somebody waits for. */
const PRIORITY = 4;
/** Over fewer years each training has all that there is before its test. */
const ANCHORED_BELOW_YEARS = 10;

interface WalkWish extends Will {
  readonly strategies: readonly string[];
  /** Days of all trainings and tests; absent: all that are stored. */
  readonly window: DateWindow | undefined;
  readonly windows: number;
  /** Absent: anchored below ten years. */
  readonly anchored: boolean | undefined;
  /** Bars; absent: as far as a label looks ahead. */
  readonly gap: number | undefined;
  readonly draws: number;
  readonly costs: Costs;
  readonly forceReason: string | null;
}

interface Planned {
  readonly request: WalkForwardRequest;
  readonly untraded: number;
}

type Started = Awaited<ReturnType<typeof startJob>>;

/** A walk-forward that was started or found, or why it was not, when others were. */
export type Walk =
  | (Started & { readonly strategy: string; readonly request: WalkForwardRequest })
  | { readonly strategy: string; readonly refused: DomainError };

/**
 * All are planned before any is started.
 * @throws DomainError of the plan, or of the first start
 */
export async function startWalkForwards(context: Asking, wish: WalkWish): Promise<readonly Walk[]> {
  const planned: Planned[] = [];
  for (const name of new Set(wish.strategies)) planned.push(await planOf(context, name, wish));
  const walks: Walk[] = [];
  for (const plan of planned) {
    const { request } = plan;
    const { strategy } = request;
    try {
      walks.push({ ...(await start(context, plan, wish)), strategy, request });
    } catch (error) {
      // What was started stays, and must be told.
      if (walks.length === 0 || !isDomainError(error)) throw error;
      walks.push({ strategy, refused: error });
    }
  }
  return walks;
}

async function planOf({ deps, signal }: Asking, name: string, wish: WalkWish): Promise<Planned> {
  const file = await readStrategy(deps, name);
  const market = marketOf(file, { symbols: undefined, timeframe: undefined });
  const { symbol, timeframe } = market;
  const days = wish.window ?? daysOf(await deps.reads.range(symbol, timeframe, signal));
  checkOrder(days);
  await checkData(deps, market, days, signal);
  const { times } = await deps.reads.bars(symbol, timeframe, days, signal);
  const anchored = wish.anchored ?? spanOf(days) < ANCHORED_BELOW_YEARS * YEAR_MS;
  const gap = wish.gap ?? horizonOf(deps, file);
  const { windows, untraded } = walkWindows(times, { windows: wish.windows, anchored, gap });
  const { draws, costs } = wish;
  return {
    untraded,
    request: {
      kind: "walk_forward",
      strategy: file.name,
      strategySha256: file.sha256,
      ...market,
      startDate: windows[0]?.test.startDate ?? days.startDate,
      endDate: windows.at(-1)?.test.endDate ?? days.endDate,
      anchored,
      gap,
      windows,
      draws,
      ...costs,
    },
  };
}

const daysOf = ({ startDate, endDate }: DateWindow): DateWindow => ({
  startDate: startDate.slice(0, 10),
  endDate: endDate.slice(0, 10),
});

const horizonOf = ({ texts }: Asking["deps"], { name, text }: StrategyFile): number =>
  texts.judge({ name, text }).summary?.labels?.horizon ?? 0;

async function start(context: Asking, { request, untraded }: Planned, wish: WalkWish): Promise<Started> {
  return await startJob(context, {
    request,
    forceReason: wish.forceReason,
    priority: PRIORITY,
    experimentId: undefined,
    preflight: async () => {
      // The checks of a batch of the same trainings and backtests.
      const { check } = await plannedBatch(context, {
        ...wish,
        work: "both",
        strategies: [request.strategy],
        periods: request.windows.map(({ train, test, readFrom }) => ({
          train,
          test: { ...test, startDate: readFrom },
        })),
      });
      const { strategies, warnings } = await check();
      const [checked] = strategies;
      if (checked?.strategySha256 !== request.strategySha256) throw changed(request.strategy);
      const { insisted } = checked;
      return {
        request: insisted === undefined ? request : { ...request, insisted },
        warnings: [...holes(untraded), ...warnings],
      };
    },
  });
}

const changed = (strategy: string) =>
  new DomainError("strategy_changed", {
    what: `The strategy ${strategy} was changed while it was checked.`,
    next: "repeat the call: it takes the new text",
  });

const holes = (untraded: number): string[] =>
  untraded === 0
    ? []
    : [
        `${untraded} bars between the windows are not traded: windows begin and end with whole days, and KTRDR's warm-up with the 51st bar.`,
      ];
