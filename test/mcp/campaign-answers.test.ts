/** What a campaign tells at each stage of its record, and what other tools answer when they are given one. */
import { progressOf } from "../../src/research/results/campaign-facts.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CampaignStop } from "../../src/domain/kinds/campaign.ts";
import { createPool } from "../../src/store/pool.ts";
import { endsWell, pointOf, recordCampaign, recordStep, strategyOf, testOf, trainingOf } from "../support/campaigns.ts";
import { outcomeOf } from "../support/job-inputs.ts";
import { recordTraining } from "../support/job-records.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ temporal: true });
});
afterAll(() => stack.stop());

const status = async (task_id: string) => await stack.ask("get_task_status", { task_id });
const results = async (task_id: string, detail = "standard") => await stack.ask("get_results", { task_id, detail });
const ENOUGH: CampaignStop = { reason: "trainings", says: "The search ended: of 60 trainings 9 are used up." };

/** Three points on the first rung, one of which fails, and one that is no valid strategy. */
async function firstRung(id: string, open = false): Promise<void> {
  await recordCampaign(stack, id);
  const points = [0, 1, 2, 3].map((n) => pointOf(n, 3 + n, n === 3 ? "indicators.dip: too short" : null));
  const runs = [0, 1, 2].map((n) => trainingOf(id, n, 0));
  await recordStep(stack, id, 0, { stage: "rung", bracket: 0, rung: 0, points, runs }, (run) => {
    if (run.point === 2) return null;
    return open && run.point === 1 ? undefined : endsWell(run);
  });
}

/** The best points on the last rung, and the first backtest of each. */
async function firstTests(id: string): Promise<void> {
  await firstRung(id);
  const runs = [0, 1].flatMap((n) => [1, 2, 3].map((draw) => trainingOf(id, n, 2, draw)));
  await recordStep(stack, id, 1, { stage: "rung", bracket: 0, rung: 2, runs }, endsWell);
  const tests = [testOf(id, 0), testOf(id, 1)];
  await recordStep(stack, id, 2, { stage: "first", stop: ENOUGH, runs: tests }, endsWell);
}

describe("a campaign tells", () => {
  test("that nothing is planned yet", async () => {
    await recordCampaign(stack, "campaign-new-1");
    const told = await status("campaign-new-1");
    expect(told).toMatchObject({
      percent: 0,
      batch: { now: "plans its next step", points: 0, trainings_left: 60, trials_left: 8, hours_left: 5 },
    });
    expect(told["batch"]).not.toHaveProperty("jobs_of_step");
    expect(await results("campaign-new-1")).toMatchObject({
      status: "open",
      headline: "Not over yet. It plans its next step; used: 0 of 60 trainings, 0 of 8 trials.",
      leaderboard: [],
      caveats: [],
    });
  });

  test("how far its rungs are, what failed and what was no valid strategy", async () => {
    await firstRung("campaign-rung-1", true);
    expect(await status("campaign-rung-1")).toMatchObject({
      percent: 3,
      batch: {
        now: "trains points of a bracket",
        jobs_of_step: "2 of 3 ended",
        afterwards: expect.stringContaining("best third by validation loss"),
        points: 4,
        refused: 1,
        trainings: 3,
        trainings_left: 57,
      },
    });
    expect(await results("campaign-rung-1")).toMatchObject({
      headline:
        "Not over yet. It trains points of a bracket (2 of 3 jobs ended); used: 3 of 60 trainings, 0 of 8 trials.",
      figures: {
        rungs: [{ epochs: 4, points: 3, trainings: 3, failed: 1 }, { epochs: 12 }, { epochs: 40 }],
        space: { "dip.period": "int 3 to 21", "architecture.activation": 'one of "relu", "tanh"' },
      },
      next: expect.stringContaining("steer_campaign"),
    });
  });

  test("its percent by its pace, once that is known", async () => {
    await firstTests("campaign-pace-1");
    const { campaigns, jobs } = stack.deps.records;
    const [job, record] = await Promise.all([jobs.get("campaign-pace-1"), campaigns.record("campaign-pace-1")]);
    if (job?.request.kind !== "campaign") throw new Error("no campaign");
    const slow = { ...record, runs: record.runs.map((run) => ({ ...run, seconds: 100 })) };
    const hour = new Date(Date.parse(job.admittedAt) + 3_600_000);
    const { percent, etaSeconds } = progressOf(job, job.request, slow, hour);
    const { percent: byTrainings } = progressOf(job, job.request, { ...slow, runs: [] }, hour);
    expect(byTrainings).toBe(0);
    expect(Math.abs(percent / 100 - 3_600 / (3_600 + (etaSeconds ?? 0)))).toBeLessThan(0.011);
    expect(percent).toBeLessThan(99);
  });

  test("its finalists while they are tested, each with luck beside", async () => {
    await firstTests("campaign-first-1");
    expect(await status("campaign-first-1")).toMatchObject({
      batch: { now: "plans its next step", finalists: 2, trials: 2, search_ended: ENOUGH.says },
    });
    const told = await results("campaign-first-1");
    expect(told).toMatchObject({
      figures: { finalists: 2, proxy: expect.stringContaining("cannot be told") },
      leaderboard: [
        {
          strategy: strategyOf("campaign-first-1", 0),
          values: { "dip.period": 3, "architecture.activation": "relu" },
          validation_loss: 0.9,
          sharpe_median: 1.19,
          draws: [1.19],
          luck: expect.stringContaining("%"),
        },
        { strategy: strategyOf("campaign-first-1", 1) },
      ],
      caveats: [
        expect.stringContaining("best of many"),
        expect.stringContaining("No walk-forward was asked for"),
        expect.stringContaining("Not all finalists were examined"),
      ],
    });
    expect(told["next"]).not.toContain("steer_campaign");
    const brief = await results("campaign-first-1", "brief");
    expect(JSON.stringify(brief).length / 4).toBeLessThan(600);
  });

  test("why it failed, and what to do, when nothing was tested", async () => {
    await firstRung("campaign-failed-1");
    const what = "The search ended: 3 of 3 trainings of one step failed. No point left a model.";
    await recordStep(stack, "campaign-failed-1", 1, { stage: "over", stop: { reason: "failures", says: what } });
    const failure = { code: "computation_failed" as const, what, why: null, next: "mend what the reason names" };
    const outcome = { ...outcomeOf("campaign-failed-1", "failed"), failure, headline: what };
    await stack.writer.finish("campaign-failed-1", outcome, null, null);
    expect(await status("campaign-failed-1")).toMatchObject({
      state: "failed",
      final: true,
      failure: { what },
      batch: { now: "is over" },
    });
    expect(await results("campaign-failed-1")).toMatchObject({
      status: "failed",
      headline: what,
      failure: { what },
      leaderboard: [],
      next: expect.stringMatching(/^Nothing was tested/),
    });
  });

  test("what it had found when it was cancelled", async () => {
    await firstTests("campaign-stopped-1");
    await stack.writer.finish("campaign-stopped-1", outcomeOf("campaign-stopped-1", "cancelled"), null, null);
    expect(await results("campaign-stopped-1")).toMatchObject({
      status: "cancelled",
      leaderboard: [{ sharpe_median: 1.19 }, { sharpe_median: 1.09 }],
      next: expect.stringMatching(/^The best of many/),
    });
  });
});

describe("given a campaign", () => {
  const ID = "campaign-given-1";
  const [BACKTEST, TRAINING] = [`backtest-${ID}-0-1`, `train-${ID}-0-2-1`];
  beforeAll(async () => {
    await firstTests(ID);
    await firstRung("campaign-untested-1");
  });

  test("compare_results takes the backtests of its finalists", async () => {
    const answer = await stack.ask("compare_results", { task_ids: [ID], figure: "sharpe" });
    expect(JSON.stringify(answer)).toContain(BACKTEST);
    const early = await stack.refused("compare_results", { task_ids: ["campaign-untested-1"], figure: "sharpe" });
    expect(early).toMatch(/^\[task_not_finished .*No backtest of campaign-untested-1 has finished yet/);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    [
      "replay_run",
      { task_id: ID },
      /is a campaign: one training or backtest is replayed.*finalist; get_results names them/,
    ],
    ["measure_equity", { task_id: ID }, /is a campaign: it measures its finalists itself/],
    [
      "run_backtest",
      { model: ID, start_date: "2015-01-02", end_date: "2019-12-31" },
      new RegExp(`is a campaign: it has many models\\. Valid: ${TRAINING} .*the best first`),
    ],
    [
      "run_backtest",
      { model: "campaign-untested-1", start_date: "2015-01-02", end_date: "2019-12-31" },
      /it has many models\. Why: none of its points is a finalist yet/,
    ],
    [
      "start_batch",
      { work: "backtest", models: [ID], periods: [{ test: ["2015-01-02", "2019-12-31"] }] },
      /is a campaign: it has many models/,
    ],
    ["train_model", { resume_from: ID }, /it is a campaign; only a training.*list_tasks with kind training/],
    ["evaluate_on_holdout", { task_id: ID }, new RegExp(`is a campaign, and only a backtest.*${BACKTEST} `)],
    ["evaluate_on_holdout", { task_id: "campaign-untested-1" }, /none of its points was backtested yet/],
  ])("%s says what to give instead", async (tool, args, why) => {
    expect(await stack.refused(tool, args)).toMatch(why);
  });

  test("save_insight keeps it as evidence", async () => {
    const insight = "Short periods of the dip had the lower loss.";
    const args = { insight, category: "pattern", task_ids: [ID] };
    expect(await stack.ask("save_insight", args)).toMatchObject({ insight_id: expect.any(String) });
  });

  test("get_results of one of its jobs says what it is part of", async () => {
    expect(await results(BACKTEST)).toMatchObject({ part_of: ID });
  });
});

describe("a thousand jobs of a campaign", () => {
  const ID = "campaign-thousand-1";
  beforeAll(async () => {
    await recordTraining(stack.writer, "train-of-before");
    await recordCampaign(stack, ID);
    const pool = createPool(stack.databaseUrl, { max: 1 });
    await pool.query(
      `insert into jobs (job_id, kind, request, request_hash, parent_job_id, client, priority, admitted_at, namespace_id)
       select 'train-thousand-' || n, 'training', t.request || jsonb_build_object('strategy', $2::text || n),
         'thousand' || n, $1, 'test', 3, now(), t.namespace_id
       from generate_series(0, 999) n, jobs t where t.job_id = 'train-of-before'`,
      [ID, strategyOf(ID, 0).slice(0, -1)],
    );
    await pool.query(
      `insert into campaign_runs (campaign_id, n, step, point, role, rung, draw, strategy, request, job_id, reused)
       select $1, row_number() over (order by job_id) - 1, 0, 0, 'train', 2, 1, strategy, request, job_id, false
       from jobs where parent_job_id = $1`,
      [ID],
    );
    await pool.end();
  });

  test("push nothing out of list_tasks", async () => {
    const { tasks } = await stack.ask("list_tasks", { limit: 50 });
    const listed = (tasks as { task_id: string }[]).map(({ task_id }) => task_id);
    expect(listed.slice(0, 2)).toEqual([ID, "train-of-before"]);
    expect(listed.filter((id) => id.startsWith("train-thousand"))).toEqual([]);
    const one = { strategy: strategyOf(ID, 7), task_id: "train-thousand-7", part_of: ID };
    expect(await stack.ask("list_tasks", { strategy: one.strategy })).toMatchObject({ tasks: [one] });
    const { tasks: trainings } = await stack.ask("list_tasks", { kind: "training", limit: 3 });
    expect(trainings).toMatchObject([{ part_of: ID }, { part_of: ID }, { part_of: ID }]);
  });

  test("nor do their strategies out of list_strategies", async () => {
    const names = [7, 8, 9].map((n) => strategyOf(ID, n));
    for (const name of names) await stack.strategies.write(name, `name: ${name}\n`, { overwrite: true });
    await stack.strategies.write("probe", "name: probe\n", { overwrite: true });
    const list = async (contains?: string) => {
      const { strategies, left_out } = await stack.ask("list_strategies", contains === undefined ? {} : { contains });
      return { names: (strategies as { strategy: string }[]).map(({ strategy }) => strategy).toSorted(), left_out };
    };
    const leftOut = `Strategies that campaigns made: 3 of ${ID}; contains with such a task_id shows them.`;
    expect(await list()).toEqual({ names: ["probe", stack.strategy], left_out: leftOut });
    expect(await list("probe")).toEqual({ names: ["probe"], left_out: leftOut });
    expect(await list(ID)).toEqual({ names, left_out: undefined });
    expect(await list("p8")).toMatchObject({ names: [names[1]] });
    expect(await stack.ask("get_strategy", { strategy: names[0] })).toMatchObject({
      made_by: { campaign: ID, point: 0, rung: 3 },
    });
    expect(await stack.ask("get_strategy", { strategy: "probe" })).not.toHaveProperty("made_by");
  });
});
