/** What the pictures of measured runs show. */
import type { EquityLine } from "../../charts/charts.ts";
import { percentText } from "../../domain/kinds/words.ts";
import type { MeasurementResult } from "../../domain/kinds/measurement.ts";
import type { MeasuredRun } from "../../domain/measured/compare-measured.ts";
import { equityPoints, type EquityPoint } from "../../domain/measured/series.ts";

/** More lines in one picture cannot be told apart. */
const MOST_LINES = 8;

/** The run, holding, and holding at the run's volatility, as far as they are known. */
export function linesBesideHolding(result: MeasurementResult): EquityLine[] {
  const { strategy, symbol, exposure } = result;
  const points = equityPoints(result);
  return [
    line(strategy, points, ({ equity }) => equity),
    line(`holding ${symbol}`, points, ({ holding }) => holding),
    line(`holding ${symbol} at ${percentText(exposure, 0)}`, points, ({ scaled }) => scaled),
  ].filter(({ points: { length } }) => length > 0);
}

/** The first runs, each under its measurement's id, since draws share a strategy's name. */
export const linesOfRuns = (runs: readonly MeasuredRun[]): EquityLine[] =>
  runs.slice(0, MOST_LINES).map(({ jobId, result }) => line(jobId, equityPoints(result), ({ equity }) => equity));

const line = (name: string, points: readonly EquityPoint[], of: (point: EquityPoint) => number | null): EquityLine => ({
  name,
  points: points.flatMap((point) => {
    const value = of(point);
    return value === null ? [] : [{ day: point.day, value }];
  }),
});
