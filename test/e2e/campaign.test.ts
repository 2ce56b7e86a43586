/** A campaign through a real MCP client on a real lab: a search that costs trainings, and few trials. */
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { CampaignResult } from "../../src/domain/kinds/campaign.ts";
import { ROOT } from "../../src/root.ts";
import { createCampaignReader } from "../../src/store/campaigns.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { createResultReader } from "../../src/store/result-reader.ts";
import { withPool } from "../backup/support.ts";
import { QUICK } from "../support/lab.ts";
import { Research, type Answer } from "../support/research.ts";

/** Where there is something to find: elsewhere a campaign ends before it examines its finalists. */
const SYMBOL = "SYNTREND";

const CAMPAIGN = {
  strategy: "zones",
  train: ["2000-01-03", "2006-12-29"],
  test: ["2007-01-02", "2007-12-31"],
  dimensions: [
    { op: "set_parameter", target: "osc.period", int: [5, 25] },
    { op: "shift_membership", target: "zone.low", float: [-4, 4] },
    { op: "set_training", target: "learning_rate", log: [0.001, 0.02] },
  ],
  trainings: 32,
  finalists: 2,
  draws: 3,
  walk_windows: 4,
  walk_draws: 1,
};

let research: Research;
let campaign: string;

const url = () => research.lab.env["DATABASE_URL"] ?? "";
const recordOf = async (taskId: string) =>
  await withPool(url(), async (pool) => await createCampaignReader(pool).record(taskId));
const resultOf = async (taskId: string) =>
  (await withPool(url(), async (pool) => await createResultReader(pool).get(taskId))) as CampaignResult;
const trials = async () =>
  (await withPool(url(), async (pool) => await createLedger(pool).counts([SYMBOL]))).get(SYMBOL) ?? 0;
const started = async () => (await research.computations("")).filter(({ event }) => event === "start").length;
const verified = async () =>
  await execa(path.join(ROOT, "bin/ktrdr-mcp"), ["ledger", "verify"], { env: research.lab.env, reject: false });

beforeAll(async () => {
  research = await Research.begin("modern", QUICK);
  await research.writeStrategy("zones", 12, SYMBOL);
});
afterAll(async () => {
  await research?.end();
});

it("searches by the loss, tests a few finalists, and loses nothing when its worker is killed", async () => {
  const answer = await research.call("start_campaign", CAMPAIGN);
  campaign = answer.task_id;
  expect(answer).toMatchObject({ kind: "campaign", existing: false, plan: { finalists: 2, space: "infinite" } });
  expect(await research.call("start_campaign", CAMPAIGN)).toMatchObject({ task_id: campaign, existing: true });
  research.lab.kill("worker");
  const { answer: status } = await research.follow(campaign, "completed");
  expect(status).toMatchObject({ percent: 100, batch: { now: "is over", finalists: 2 } });

  const { steps, points, runs } = await recordOf(campaign);
  expect(steps.map(({ stage, rung }) => (rung === null ? stage : `${stage} ${rung + 1}`))).toEqual([
    "rung 1",
    "rung 2",
    "rung 3",
    "first",
    "tests",
    "proof",
    "over",
  ]);
  expect(steps.find(({ stage }) => stage === "first")?.stop).toMatchObject({ reason: "trainings" });
  expect(points.filter(({ refused }) => refused !== null)).toEqual([]);
  // Every line is a job of its own, and each job was computed once.
  expect(new Set(runs.map(({ jobId }) => jobId)).size).toBe(runs.length);
  const ids = (await research.computations("")).filter(({ event }) => event === "start").map((one) => one.operationId);
  expect(new Set(ids).size).toBe(ids.length);
});

it("spends no more than its budgets, and only finalists are trials", async () => {
  const { used, finalists, rungs } = await resultOf(campaign);
  expect(used.trainings).toBeLessThanOrEqual(CAMPAIGN.trainings);
  // Three draws, twice the costs and a walk-forward of each.
  expect(used.trials).toBe(2 * 5);
  expect(await trials()).toBe(2 * 5);
  expect(used.hours).toBeGreaterThan(0);
  expect(finalists).toHaveLength(2);
  expect(rungs.map(({ epochs, draws }) => [epochs, draws])).toEqual([
    [1, 1],
    [3, 2],
    [12, 3],
  ]);
  expect((await verified()).stdout).toMatch(/every backtest has its line\.$/);
});

it("ranks by the median of draws less its error, with luck, costs, walk-forward and proof beside", async () => {
  const told = await research.call("get_results", { task_id: campaign, detail: "full" });
  const leaderboard = told["leaderboard"] as Answer[];
  const deciding = leaderboard.map((row) => row["median_less_error"] as number);
  expect(deciding).toEqual(deciding.toSorted((a, b) => b - a));
  for (const row of leaderboard) {
    expect(row).toMatchObject({
      draws: [expect.anything(), expect.anything(), expect.anything()],
      luck: expect.any(String),
      costs_twice: { total_return: expect.any(Number) },
      walk_forward: { positive_windows: expect.stringMatching(/^\d of 4$/) },
      model_proven: true,
      values: { "osc.period": expect.any(Number) },
    });
    const draws = (row["draws"] as number[]).toSorted((a, b) => a - b);
    expect(row["sharpe_median"]).toBe(draws[1]);
    expect(await research.call("get_results", { task_id: row.task_id })).toMatchObject({ part_of: campaign });
  }
  expect(told["figures"]).toMatchObject({ proxy: expect.stringContaining("cannot be told"), trials: 10 });
  expect(told["caveats"]).toEqual(expect.arrayContaining([expect.stringContaining("best of many")]));
});

it("with another request computes only what is new, and stops all of it when it is cancelled", async () => {
  const { task_id: other } = await research.call("start_campaign", { ...CAMPAIGN, seed: 2 });
  await research.hold();
  const before = await started();
  await research.call("cancel_task", { task_id: other, reason: "it was only a question" });
  await research.release();
  await research.follow(other, "cancelled");
  const { runs } = await recordOf(other);
  expect(runs.every(({ status }) => status === null || status !== "open")).toBe(true);
  expect(await research.call("get_results", { task_id: other })).toMatchObject({
    status: "cancelled",
    leaderboard: [],
  });
  const after = await started();
  expect(after - before).toBeLessThanOrEqual(4);
});
