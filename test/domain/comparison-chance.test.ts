/** How often a whole comparison of equal strategies calls some difference more than chance, by simulation. */
import { expect, test } from "vitest";
import { compare, MARKET_ERROR_KNOWN, type ComparedRun } from "../../src/domain/comparison.ts";
import type { JobResult } from "../../src/domain/kinds/index.ts";
import { FIGURES, FIGURES_TO_CHOOSE, type FigureName } from "../../src/domain/results/figures.ts";
import { sharpeErrorOver, yearsOf } from "../../src/domain/results/sharpe-error.ts";
import { backtestResult, trainingResult } from "../support/job-records.ts";

/** A linear congruential generator (Numerical Recipes): the same numbers with every run. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

const WINDOW = { startDate: "2015-01-02", endDate: "2019-12-31" };
const TRADES = 40;
const VOLATILITY = 0.02;

/** A result with figures made of a number from about -3 to 3: smooth, lopsided, or counts with many equal values. */
function resultOf(figure: FigureName, draw: number): JobResult {
  const share = Math.min(1, Math.max(0, 0.5 + draw / 10));
  if (FIGURES[figure].kind === "training") {
    const [accuracy, loss] = [Math.round(share * 200) / 200, Math.exp(draw / 4)];
    return trainingResult({
      testAccuracy: accuracy,
      bestValAccuracy: accuracy,
      finalValAccuracy: accuracy,
      bestValLoss: loss,
      finalValLoss: loss,
      testLoss: loss,
      regression: figure === "directional_accuracy" || figure === "mae",
      mae: loss,
    });
  }
  return backtestResult({
    ...WINDOW,
    sharpe: 0.4 + draw * 0.3,
    annualReturn: 0.01 + draw * VOLATILITY * 0.4,
    totalReturn: Math.exp((0.01 + draw * VOLATILITY * 0.4) * yearsOf(WINDOW)) - 1,
    volatility: VOLATILITY,
    sortino: 0.4 + draw * 0.3,
    calmar: draw ** 3,
    maxDrawdown: draw < -1 ? 0 : Math.exp(draw) / 50,
    winRate: Math.round(share * TRADES) / TRADES,
    trades: draw < -1 ? 0 : Math.round(Math.exp(draw / 3) * 6),
    profitFactor: Math.exp(draw / 2),
  });
}

/** How many comparisons are simulated, by the number of strategies. The small ones are quick, so there are more. */
const COMPARISONS: Readonly<Record<number, number>> = { 2: 500, 5: 150, 10: 80 };

function falseAlarms(figure: FigureName, groups: number, draws: number, luck: number): number {
  const uniform = randomNumbers(groups * 1_000 + draws * 10 + FIGURES_TO_CHOOSE.findIndex((name) => name === figure));
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const comparisons = COMPARISONS[groups] ?? 0;
  let alarms = 0;
  for (let n = 0; n < comparisons; n += 1) {
    const runs = Array.from({ length: groups }, (_, group) => {
      const common = luck * normal();
      return Array.from({ length: draws }, (_, draw): ComparedRun => {
        const result = resultOf(figure, common + normal());
        return { jobId: `${group}-${draw}`, key: String(group), result };
      });
    }).flat();
    const verdicts = compare(figure, runs).map(({ againstBest }) => againstBest?.chance);
    if (verdicts.includes("beyond chance")) alarms += 1;
  }
  return alarms / comparisons;
}

const SIZES = [2, 5, 10].flatMap((groups) => [1, 2, 3, 5, 10].map((draws) => [groups, draws] as const));

test.each(FIGURES_TO_CHOOSE.flatMap((figure) => [2, 5, 10].map((groups) => [figure, groups] as const)))(
  "%s of %i equal strategies: at most one comparison in twenty finds a difference",
  (figure, groups) => {
    for (const draws of [1, 2, 3, 5, 10]) {
      expect(falseAlarms(figure, groups, draws, 0), `${draws} draws`).toBeLessThanOrEqual(0.05);
    }
  },
);

test("also where each strategy has its own luck with the market, for the figures whose market error is known", () => {
  // One standard error of a Sharpe ratio, in the unit of a draw: `resultOf` multiplies draws by 0.3.
  const luck = sharpeErrorOver(0.4, WINDOW) / 0.3;
  for (const figure of ["sharpe", "total_return"] as const) {
    expect(MARKET_ERROR_KNOWN).toContain(figure);
    for (const [groups, draws] of SIZES) {
      expect(falseAlarms(figure, groups, draws, luck), `${figure}, ${groups} x ${draws}`).toBeLessThanOrEqual(0.05);
    }
  }
});
