/** A walk-forward as the page shows it: one trial, and its windows nowhere among the runs. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JobRequest } from "../../src/domain/kinds/index.ts";
import type { WalkForwardRequest, WalkForwardResult } from "../../src/domain/kinds/walk-forward.ts";
import { createLogger } from "../../src/logger.ts";
import { createPage } from "../../src/page/page.ts";
import { citedCaveats } from "../../src/research/memory/cited-runs.ts";
import { BACKTEST, inputOf, outcomeOf, TRAINING } from "../support/job-inputs.ts";
import { backtestResult } from "../support/job-records.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

const [TRAIN, TEST] = [
  { startDate: "2000-01-03", endDate: "2010-12-31" },
  { startDate: "2011-01-03", endDate: "2019-12-31" },
];
const { kind: _kind, draw: _draw, ...STRATEGY } = { ...TRAINING, strategy: "steady" };
const COSTS = { initialCapital: 100_000, commission: 0.001, slippage: 0.0005 };
const REQUEST: WalkForwardRequest = {
  ...STRATEGY,
  ...TEST,
  ...COSTS,
  kind: "walk_forward",
  anchored: true,
  gap: 0,
  windows: [{ train: TRAIN, test: TEST, readFrom: "2010-10-20" }],
  draws: 1,
};
const { caveats, engine, ...market } = backtestResult({ strategy: "steady", ...TEST });
const RESULT: WalkForwardResult = {
  kind: "walk_forward",
  strategy: "steady",
  symbol: market.symbol,
  timeframe: market.timeframe,
  ...TEST,
  anchored: true,
  gap: 0,
  draws: 1,
  windows: [
    {
      train: TRAIN,
      test: TEST,
      sharpes: [0.9],
      jobId: "backtest-window-1",
      sharpe: 0.9,
      totalReturn: 0.3,
      maxDrawdown: 0.1,
      trades: 40,
      returns: 2_200,
      ktrdrSharpe: 0.9,
      ktrdrVolatility: 0.1,
      holdSharpe: 0.7,
    },
  ],
  equityPoints: 2_201,
  sharpe: 0.9,
  ktrdrSharpe: 0.9,
  t: 2.66,
  totalReturn: 0.3,
  trades: 40,
  positive: 1,
  efficiency: 0.6,
  caveats,
  engine,
};

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
  const { writer } = stack;
  const ofWalk = { ...inputOf("walk-steady-1", TRAINING), request: REQUEST as JobRequest };
  await writer.admit(ofWalk, "name: steady");
  const window = { ...BACKTEST, strategy: "steady", ...TEST, walks: "test" as const };
  await writer.admit({ ...inputOf("backtest-window-1", window), parentJobId: "walk-steady-1" }, null);
  const traded = backtestResult({ strategy: "steady", ...TEST, walks: "test", sharpe: 0.9 });
  await writer.finish("backtest-window-1", outcomeOf("backtest-window-1", "completed"), traded, engine);
  const outcome = { ...outcomeOf("walk-steady-1", "completed"), headline: "1 windows together: Sharpe 0.90" };
  await writer.finish("walk-steady-1", outcome, RESULT, engine);
});
afterAll(() => stack.stop());

async function textOf(path: string): Promise<string> {
  const page = createPage({ deps: async () => stack.deps, log: createLogger("test", "silent") });
  const answer = await page.request(`${path}?as=text`);
  expect(answer.status, path).toBe(200);
  return await answer.text();
}

test("its own view has its windows, and its luck among all trials", async () => {
  const text = await textOf("/runs/walk-steady-1");
  expect(text).toContain("This is the only backtest tried on SPX.");
  expect(text).toMatch(/tested: 2011-01-03 to 2019-12-31\s+Sharpe: 0\.90/);
  expect(text.indexOf("efficiency")).toBeGreaterThan(text.indexOf("draws per window"));
});

test("it is a run and a trial; its window is neither", async () => {
  expect(await textOf("/runs")).toMatch(/walk_forward\s+steady\s+SPX 1d\s+completed.*\d %/);
  expect(await textOf("/runs")).not.toContain("backtest-window-1");
  expect(await textOf("/luck/SPX")).toMatch(/1\s+steady\s+0\.90.*walk-steady-1/);
  const shortlist = await textOf("/shortlist");
  expect(shortlist).toContain("steady on SPX 1d may be more than luck");
  expect(shortlist).toMatch(/steady\s+SPX 1d\s+\d\.\d %\s+0\.90\s+1 windows: 0\.90 to 0\.90/);
  const ledger = await textOf("/ledger");
  expect(ledger).toMatch(/SPX\s+1\s+none/);
  expect(ledger).toContain("a walk-forward showed its figures");
  expect(ledger).toContain(
    "a backtest showed its figures (a part of a measurement or a walk-forward, or a watch of a champion: no trial)",
  );
});

test("its strategy names it, and no window among the backtests", async () => {
  const text = await textOf("/strategies/steady");
  expect(text).toContain("It was walked forward; no other backtest of it has finished.");
  expect(text).toMatch(/walk-forwards:\s+1 completed \(walk-steady-1\)/);
  expect(text).not.toContain("backtest-window-1");
});

test("its window alone shows no figure, in its view and in the ledger", async () => {
  const own = await textOf("/runs/backtest-window-1");
  expect(own).toContain("Its figures are told by the walk-forward alone");
  expect(own).not.toMatch(/0\.90|trades:/);
  const [line = ""] =
    /.*a part of a measurement or a walk-forward.*showed|.*showed.*a part of.*/.exec(await textOf("/ledger")) ?? [];
  expect(line).not.toBe("");
  expect(line).not.toContain("0.90");
});

test("who cites it is told how far luck goes", async () => {
  // One worthless strategy seldom looks this good; a window proves nothing.
  expect([...(await citedCaveats(stack.deps, ["walk-steady-1", "backtest-window-1"]))]).toEqual([
    ["backtest-window-1", "backtest-window-1 proves nothing: it is a window of a walk-forward."],
  ]);
});
