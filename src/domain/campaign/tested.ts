/** The backtests of a finalist. */
import type { CampaignRun } from "./state.ts";

/** Those that completed, in the order of their draws. */
export const testsOf = (runs: readonly CampaignRun[], point: number): CampaignRun[] =>
  runs
    .filter((run) => run.role === "test" && run.point === point && run.figures !== null)
    .toSorted((a, b) => a.draw - b.draw);

/** The one in the middle by its Sharpe ratio, of two the worse one; one that never traded counts as 0. Null for none. */
export function middleDraw(tests: readonly CampaignRun[]): CampaignRun | null {
  const ranked = tests.toSorted((a, b) => (a.figures?.sharpe ?? 0) - (b.figures?.sharpe ?? 0));
  return ranked[Math.floor((ranked.length - 1) / 2)] ?? null;
}
