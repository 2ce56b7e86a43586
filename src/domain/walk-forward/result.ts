/** What a walk-forward found, out of the backtests of its windows. */
import { isInsistence } from "../insistence.ts";
import type { BacktestResult } from "../kinds/backtest.ts";
import type { WalkedWindow, WalkForwardRequest, WalkForwardResult } from "../kinds/walk-forward.ts";
import { DomainError } from "../errors.ts";
import { KTRDR_BARS_PER_YEAR } from "../results/bars-per-year.ts";
import { BAD_BARS } from "../results/bar-soundness.ts";
import { WARM_UP_BARS } from "../results/buy-and-hold.ts";
import { CURVE_SLACK } from "../results/traded-bars.ts";
import type { Caveat, Engine } from "../result.ts";
import { itemOf } from "./items.ts";
import { stitched } from "./stitch.ts";

/** A finished backtest of an item. */
export interface Walked {
  /** Place of the item (`items.ts`). */
  readonly n: number;
  readonly jobId: string;
  readonly result: BacktestResult;
}

/** Fewer trades in a window show nothing of it. */
const FEWEST_TRADES = 10;

/**
 * Of each window the draw in the middle counts. All windows together are one run.
 * @throws DomainError `computation_failed` when a window has no finished draw: windows with a hole are no run
 */
export function walkedForward(
  request: WalkForwardRequest,
  backtests: readonly Walked[],
  engine: Engine,
): WalkForwardResult {
  const { strategy, symbol, timeframe, startDate, endDate, anchored, gap, draws } = request;
  const placed = backtests.map((one) => ({ ...one, ...itemOf(request, one.n) }));
  const windows = request.windows.map((_, at) =>
    windowOf(
      request,
      at,
      placed.filter(({ window, days }) => window === at && days === "test"),
    ),
  );
  const all = stitched(windows.map(asPrefix));
  const scale = perYear(backtests) / KTRDR_BARS_PER_YEAR;
  const firsts = placed.filter(({ draw }) => draw === 1);
  const result = {
    kind: "walk_forward" as const,
    strategy,
    symbol,
    timeframe,
    startDate,
    endDate,
    anchored,
    gap,
    draws,
    windows,
    equityPoints: all.returns + 1,
    sharpe: all.ktrdrSharpe === null ? null : all.ktrdrSharpe * Math.sqrt(scale),
    ktrdrSharpe: all.ktrdrSharpe,
    t: all.t,
    totalReturn: windows.reduce((level, { totalReturn }) => level * (1 + totalReturn), 1) - 1,
    trades: windows.reduce((sum, { trades }) => sum + trades, 0),
    positive: windows.filter(({ sharpe }) => (sharpe ?? 0) > 0).length,
    efficiency: efficiencyOf(firsts),
    engine,
  };
  return { ...result, caveats: caveatsOf(request, result, backtests) };
}

function windowOf({ windows }: WalkForwardRequest, at: number, draws: readonly Walked[]): WalkedWindow {
  const window = windows[at];
  // A draw that never traded has no ratio, and counts as the lowest.
  const sorted = draws.toSorted((a, b) => (a.result.sharpe ?? -Infinity) - (b.result.sharpe ?? -Infinity));
  const middle = sorted[Math.ceil(sorted.length / 2) - 1];
  if (window === undefined || middle === undefined) throw withoutDraw(at + 1, windows.length);
  const { sharpe, totalReturn, maxDrawdown, trades, equityPoints, raw, buyAndHold } = middle.result;
  return {
    train: window.train,
    test: window.test,
    sharpes: sorted.map(({ result }) => result.sharpe),
    jobId: middle.jobId,
    sharpe,
    totalReturn,
    maxDrawdown,
    trades,
    returns: Math.max(0, equityPoints - 1),
    ktrdrSharpe: raw["sharpe_ratio"] ?? 0,
    ktrdrVolatility: raw["volatility"] ?? 0,
    holdSharpe: buyAndHold?.sharpe ?? null,
  };
}

const withoutDraw = (window: number, windows: number) =>
  new DomainError("computation_failed", {
    what: `Window ${window} of ${windows} has no finished backtest.`,
    why: "windows with a hole between them are no run that could be judged",
    next: "list_tasks with status failed names the failed jobs; mend the cause, then repeat start_walk_forward with force_new_reason: what was computed is not computed again",
  });

const asPrefix = ({ returns, ktrdrSharpe, ktrdrVolatility }: WalkedWindow) => ({
  returns,
  sharpe: ktrdrSharpe,
  volatility: ktrdrVolatility,
});

/** Bars that a year has, as KTRDR's volatility and ours differ by its root. */
function perYear(backtests: readonly Walked[]): number {
  const found = backtests.find(({ result }) => (result.raw["volatility"] ?? 0) > 0)?.result;
  return found === undefined
    ? KTRDR_BARS_PER_YEAR
    : KTRDR_BARS_PER_YEAR * (found.volatility / (found.raw["volatility"] ?? 1)) ** 2;
}

/** By the first draw of each window that finished on both kinds of days. */
function efficiencyOf(firsts: readonly (Walked & { readonly window: number; readonly days: string })[]): number | null {
  const of = (days: string) =>
    new Map(firsts.filter((one) => one.days === days).map(({ window, result }) => [window, result]));
  const [test, train] = [of("test"), of("train")];
  const both = [...test.keys()].filter((window) => train.has(window));
  const sharpe = (results: ReadonlyMap<number, BacktestResult>) =>
    stitched(
      both.flatMap((window) => {
        const result = results.get(window);
        return result === undefined
          ? []
          : [
              {
                returns: Math.max(0, result.equityPoints - 1),
                sharpe: result.raw["sharpe_ratio"] ?? 0,
                volatility: result.raw["volatility"] ?? 0,
              },
            ];
      }),
    ).ktrdrSharpe;
  const [outside, inside] = [sharpe(test), sharpe(train)];
  return outside === null || inside === null || inside <= 0 ? null : outside / inside;
}

/** Of the bars that were asked for, all but the warm-up make the equity curve. */
const tradesCoarserBars = ({ data, equityPoints }: BacktestResult): boolean =>
  data !== null && data.bars - WARM_UP_BARS - equityPoints > CURVE_SLACK;

function caveatsOf(
  { draws }: WalkForwardRequest,
  { windows }: Omit<WalkForwardResult, "caveats">,
  backtests: readonly Walked[],
): Caveat[] {
  const tests = new Set(windows.map(({ jobId }) => jobId));
  const middles = backtests.filter(({ jobId }) => tests.has(jobId)).map(({ result }) => result);
  const shown = middles.flatMap(({ caveats }) => caveats);
  const kept = shown.filter((caveat) => isInsistence(caveat) || caveat.code === BAD_BARS);
  const unlike = [...new Map(kept.map((caveat) => [caveat.text, caveat])).values()];
  const thin = windows.filter(({ trades }) => trades < FEWEST_TRADES).length;
  const late = middles.filter(tradesCoarserBars).length;
  const missing = windows.filter(({ sharpes }) => sharpes.length < draws).length;
  const own = [
    thin === 0
      ? null
      : {
          code: "few_trades_in_window",
          text: `${thin} of ${windows.length} windows have fewer than ${FEWEST_TRADES} trades: alone they show nothing. Fewer and longer windows would.`,
        },
    late === 0
      ? null
      : {
          code: "windows_begin_late",
          text: `In ${late} of ${windows.length} windows KTRDR traded bars of a coarser base_timeframe: its warm-up of ${WARM_UP_BARS} bars reaches into the window, whose first days are missing.`,
        },
    missing === 0
      ? null
      : {
          code: "draws_missing",
          text: `In ${missing} of ${windows.length} windows not all ${draws} draws finished; those that did count.`,
        },
    draws === 1
      ? {
          code: "single_draw",
          text: "One training a window: another random draw may show something else. Three draws tell.",
        }
      : null,
  ];
  return [...unlike, ...own.filter((caveat) => caveat !== null)];
}
