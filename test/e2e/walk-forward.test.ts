/** A walk-forward through a real MCP client on a real lab: one run, one trial, and nothing computed twice. */
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { BacktestResult } from "../../src/domain/kinds/backtest.ts";
import type { WalkForwardResult } from "../../src/domain/kinds/walk-forward.ts";
import { ROOT } from "../../src/root.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { createResultReader } from "../../src/store/result-reader.ts";
import { withPool } from "../backup/support.ts";
import { QUICK } from "../support/lab.ts";
import { Research, type Answer } from "../support/research.ts";

const DAYS = { start_date: "2000-01-03", end_date: "2009-12-31" };
const WALK = { strategies: ["zones"], ...DAYS, windows: 4, draws: 2 };

let research: Research;
let walk: string;

const url = () => research.lab.env["DATABASE_URL"] ?? "";
const recorded = async (jobId: string) =>
  await withPool(url(), async (pool) => await createResultReader(pool).get(jobId));
const trials = async () =>
  (await withPool(url(), async (pool) => await createLedger(pool).counts(["SPX"]))).get("SPX") ?? 0;
const computed = async () =>
  (await research.computations("")).filter(({ event }) => event === "start").map(({ kind }) => kind).length;
const jobsOf = async (taskId: string) => {
  const all: Answer[] = [];
  for (const kind of ["training", "backtest"]) {
    const { tasks } = await research.call("list_tasks", { kind, limit: 50 });
    all.push(...(tasks as Answer[]).filter((task) => task["part_of"] === taskId));
  }
  return all;
};
const verified = async () =>
  await execa(path.join(ROOT, "bin/ktrdr-mcp"), ["ledger", "verify"], { env: research.lab.env, reject: false });

beforeAll(async () => {
  research = await Research.begin("modern", QUICK);
  await research.writeStrategy("zones");
});
afterAll(async () => {
  await research?.end();
});

it("is one trial, told by all its windows, although a worker is killed meanwhile", async () => {
  const started = await research.call("start_walk_forward", WALK);
  walk = started.task_id;
  expect(started).toMatchObject({ kind: "walk_forward", existing: false, strategy: "zones" });
  expect(started["tested"]).toHaveLength(4);
  expect(await research.call("start_walk_forward", WALK)).toMatchObject({ task_id: walk, existing: true });
  research.lab.kill("worker");
  const { answer } = await research.follow(walk, "completed");
  expect(answer).toMatchObject({ batch: { items: 12, done: 12 }, luck: expect.any(String) });
  expect(answer["batch"]).not.toHaveProperty("leading");

  expect(await trials()).toBe(1);
  expect((await verified()).stdout).toMatch(/every backtest has its line\.$/);
  // Each draw is trained once, and traded on its window; the first of each window on its own days, too.
  const jobs = await jobsOf(walk);
  expect(jobs.map(({ kind }) => String(kind)).toSorted()).toEqual([
    ...Array(12).fill("backtest"),
    ...Array(8).fill("training"),
  ]);
  expect(await computed()).toBe(20);
  const { tasks } = await research.call("list_tasks", { limit: 50 });
  expect((tasks as Answer[]).map(({ kind }) => String(kind)).toSorted()).toEqual([
    ...Array(8).fill("training"),
    "walk_forward",
  ]);
});

it("tells what its windows together show, and each window by the draw in the middle", async () => {
  const result = (await recorded(walk)) as WalkForwardResult;
  const answer = await research.call("get_results", { task_id: walk, detail: "full" });
  expect(answer).toMatchObject({ luck: { trials: 1, says: expect.stringContaining("only backtest tried on SPX") } });
  const figures = answer["figures"] as Record<string, unknown>;
  const table = figures["table"] as Record<string, unknown>[];
  expect(figures).toMatchObject({
    windows: 4,
    draws_per_window: 2,
    trades: result.trades,
    bars: result.equityPoints - 1,
  });

  let [count, sum, squares] = [0, 0, 0];
  let end: string | null = null;
  for (const [at, { test, train, jobId, sharpes, returns }] of result.windows.entries()) {
    const backtest = (await recorded(jobId)) as BacktestResult;
    expect(table[at]).toMatchObject({ task_id: jobId, tested: `${test.startDate} to ${test.endDate}` });
    expect(backtest.sharpe).toBe(sharpes[0]);
    // The warm-up lies before the window, and the window has every bar between the one before it and the one after.
    expect(backtest.startDate < test.startDate && train.endDate < test.startDate).toBe(true);
    expect(end === null || Date.parse(test.startDate) - Date.parse(end) <= 5 * 86_400_000).toBe(true);
    end = test.endDate;
    const { sharpe_ratio: ratio = 0, volatility = 0 } = backtest.raw;
    const mean = (ratio * volatility) / 252;
    count += returns;
    sum += returns * mean;
    squares += returns * (volatility ** 2 / 252 + mean ** 2);
  }
  const deviation = Math.sqrt((squares - sum ** 2 / count) / (count - 1));
  expect(result.equityPoints - 1).toBe(count);
  expect(result.t).toBeCloseTo((sum / count / deviation) * Math.sqrt(count), 9);
  expect(result.sharpe).toBeCloseTo((sum / count / deviation) * Math.sqrt(252), 9);
});

it("shows a window alone as what it is, and compares, measures and replays none", async () => {
  const { windows } = (await recorded(walk)) as WalkForwardResult;
  const jobId = windows[0]?.jobId ?? "";
  const alone = await research.call("get_results", { task_id: jobId });
  expect((alone["caveats"] as string[])[0]).toContain("A window of a walk-forward: no trial");
  expect(alone).not.toHaveProperty("luck");
  // Else whoever looks at windows and cancels the walk-forward would have looked without being counted.
  expect(alone["figures"]).toEqual({});
  expect(alone["caveats"]).toHaveLength(1);
  const everywhere = await Promise.all([
    research.told("get_results", { task_id: jobId, detail: "full" }),
    research.told("get_task_status", { task_id: jobId }),
    research.told("list_tasks", { kind: "backtest", limit: 50 }),
  ]);
  for (const text of everywhere) {
    expect(text).toContain("a window of a walk-forward, told with all its windows");
    expect(text).not.toMatch(/Sharpe -?\d|total_return|"trades"|sharpe_ratio/);
  }
  expect(alone["next"]).toContain(walk);
  expect(await research.told("compare_results", { task_ids: windows.map((window) => window.jobId) })).toMatch(
    /is a window of a walk-forward: alone it shows nothing/,
  );
  expect(await research.told("measure_equity", { task_id: jobId })).toMatch(/is a window of a walk-forward/);
  expect(await research.told("replay_run", { task_id: jobId })).toMatch(/is a window/);
  expect(await research.told("replay_run", { task_id: walk })).toMatch(/is a walk_forward/);
});

it("with more draws computes only these, and is a trial of its own", async () => {
  const before = await computed();
  const more = await research.call("start_walk_forward", { ...WALK, draws: 3 });
  const { answer } = await research.follow(more.task_id, "completed");
  expect(answer).toMatchObject({ batch: { items: 16, done: 16, known_before: 12 } });
  expect((await computed()) - before).toBe(4 * 2);
  expect(await trials()).toBe(2);
});

it("of several strategies is a job each; bad input starts none", async () => {
  const before = await computed();
  await research.writeStrategy("others", 3);
  expect(await research.told("start_walk_forward", { ...WALK, strategies: ["others", "nobody"] })).toMatch(
    /strategy_not_found/,
  );
  expect(await research.told("start_walk_forward", { ...WALK, end_date: "2001-03-01" })).toMatch(
    /bars are too few for 4 windows/,
  );
  expect(await research.told("start_walk_forward", { ...WALK, start_date: "1900-01-01" })).toMatch(/data_not_found/);
  expect(await computed()).toBe(before);

  const started = await research.call("start_walk_forward", { ...WALK, strategies: ["zones", "others"], draws: 1 });
  expect(started).toMatchObject({ strategy: "zones", others: [{ strategy: "others", state: expect.any(String) }] });
  const [{ task_id: other }] = started["others"] as [{ task_id: string }];
  await research.hold();
  await research.call("cancel_task", { task_id: other, reason: "it was only a question" });
  await research.release();
  await research.follow(other, "cancelled");
  await research.follow(started.task_id, "completed");
  expect(await research.call("get_results", { task_id: started.task_id })).toMatchObject({
    caveats: expect.arrayContaining([expect.stringContaining("One training a window")]),
  });
  expect((await verified()).exitCode).toBe(0);
});
