/** Measurements of known return series: what KTRDR would say of each prefix is computed from the series itself. */
import type { BacktestResult } from "../../src/domain/kinds/backtest.ts";
import type { MeasurementRequest, MeasurementResult } from "../../src/domain/kinds/measurement.ts";
import { measured } from "../../src/domain/results/measurement.ts";
import { WARM_UP_BARS } from "../../src/domain/results/buy-and-hold.ts";
import { maxDrawdown, mean } from "../../src/domain/statistics.ts";
import { BACKTEST } from "./job-inputs.ts";
import { backtestResult } from "./job-records.ts";

const DAY_MS = 86_400_000;
const FIRST = Date.parse("2015-01-02");

/** Every day has a bar; the first point of the equity curve is that of bar 50. */
export const dayOf = (bar: number): string => new Date(FIRST + bar * DAY_MS).toISOString().slice(0, 10);

const deviation = (values: readonly number[]): number => {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
};

/** What KTRDR says of the first so many returns, with equity at 1 before them. */
export function prefixOf(returns: readonly number[], count: number): BacktestResult {
  const some = returns.slice(0, count);
  const [centre, volatility] = [mean(some), deviation(some)];
  let equity = 1;
  const curve = [1, ...some.map((value) => (equity *= 1 + value))];
  const sharpe = volatility < 1e-10 ? 0 : (centre / volatility) * Math.sqrt(252);
  const annual = volatility * Math.sqrt(252);
  return backtestResult({
    startDate: dayOf(0),
    endDate: dayOf(WARM_UP_BARS + count),
    totalReturn: equity - 1,
    sharpe: sharpe === 0 ? null : sharpe,
    volatility: annual,
    maxDrawdown: maxDrawdown(curve),
    equityPoints: count + 1,
    raw: {
      sharpe_ratio: sharpe,
      volatility: annual,
      total_return_pct: equity - 1,
      max_drawdown_pct: maxDrawdown(curve),
    },
  });
}

export interface Known {
  /** Of the run and of its market, by bar after the warm-up. */
  readonly returns: readonly number[];
  readonly market: readonly number[];
  /** How many returns each prefix has; the last one has all. */
  readonly counts: readonly number[];
  readonly measures?: string;
}

export function requestOf({ returns, counts, measures = "backtest-measured-1" }: Known): MeasurementRequest {
  const window = { startDate: dayOf(0), endDate: dayOf(WARM_UP_BARS + returns.length) };
  const ends = counts.map((count) => dayOf(WARM_UP_BARS + count));
  return { ...BACKTEST, ...window, kind: "measurement", measures, ends };
}

/** The bars of the market: flat in the warm-up, then as its returns say. */
export function barsOf(market: readonly number[]) {
  let close = 100;
  const closes = [
    ...Array.from({ length: WARM_UP_BARS + 1 }, () => 100),
    ...market.map((value) => (close *= 1 + value)),
  ];
  return {
    times: closes.map((_, bar) => `${dayOf(bar)}T00:00:00`),
    ohlcv: closes.map((value) => [value, value, value, value, 1]),
  };
}

/** @param change what becomes of the whole backtest when it is computed again */
export function measure(
  known: Known,
  change: (whole: BacktestResult) => BacktestResult = (whole) => whole,
): MeasurementResult {
  const prefixes = known.counts.map((count) => prefixOf(known.returns, count));
  const recorded = prefixOf(known.returns, known.returns.length);
  const last = prefixes.at(-1) ?? recorded;
  const again = [...prefixes.slice(0, -1), change(last)];
  return measured(requestOf(known), recorded, again.toReversed(), barsOf(known.market), recorded.engine);
}

/** A series that goes up and down by itself, without chance: another one for each seed. */
export const wave = (length: number, seed: number, drift = 0): number[] =>
  Array.from(
    { length },
    (_, at) => drift + 0.01 * Math.sin((at + 1) * (seed + 1.7)) + 0.004 * Math.cos((at + seed) ** 1.1),
  );
