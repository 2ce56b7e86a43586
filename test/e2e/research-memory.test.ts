/** What research leaves behind, which the next client finds again: through real MCP clients on a real lab. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectServer, type TestClient } from "../support/mcp.ts";
import { Research, type Answer } from "../support/research.ts";
import { strategyText } from "../support/strategy-text.ts";

let research: Research;
beforeAll(async () => {
  research = await Research.begin();
});
afterAll(async () => {
  await research?.end();
});

const rows = (answer: Answer, name: string) => answer[name] as Record<string, unknown>[];
const TRAIN = { start_date: "2000-01-03", end_date: "2009-12-31" };
const TEST = { start_date: "2010-01-04", end_date: "2014-12-31" };
const datesOf = ({ start_date, end_date }: typeof TRAIN) => [start_date, end_date];
const PERIOD = { train: datesOf(TRAIN), test: datesOf(TEST) };

describe("research that is written down", () => {
  let experiment: string;

  it("goes the way of the specification, and asks later which strategies failed and what they have in common", async () => {
    const { text } = await research.call("get_strategy_schema", { section: "example" });
    expect(text).toContain("fuzzy_sets");
    const { experiment_id } = await research.call("start_experiment", {
      hypothesis: "The zones of a 12-bar RSI earn more than holding, per risk.",
      metric: "excess_sharpe",
      threshold: 0,
      runs: 2,
      symbol: "SPX",
      timeframe: "1d",
      ...TEST,
    });
    experiment = String(experiment_id);
    await research.call("create_strategy", { yaml: strategyText("zones"), reason: "the hypothesis", experiment_id });
    const trained = await research.call("train_model", { strategy: "zones", ...TRAIN, experiment_id });
    await research.follow(trained.task_id, "completed");
    const tested = await research.call("run_backtest", { model: trained.task_id, ...TEST, experiment_id });
    await research.follow(tested.task_id, "completed");
    const forced = { ...TRAIN, strategy: "zones", experiment_id, force_new_reason: "another draw of the same" };
    const again = await research.call("train_model", forced);
    await research.follow(again.task_id, "completed");
    const second = await research.call("run_backtest", { model: again.task_id, ...TEST, experiment_id });
    await research.follow(second.task_id, "completed");

    const replay = await research.call("replay_run", { task_id: tested.task_id });
    expect(replay).toMatchObject({ comparison: "not over yet", original: tested.task_id });
    await research.follow(replay.task_id, "completed");
    const replayed = await research.call("replay_run", { task_id: tested.task_id });
    expect(replayed).toMatchObject({ comparison: "the same", differences: [], causes: [], task_id: replay.task_id });
    const { manifest } = await research.call("get_results", { task_id: tested.task_id, detail: "full" });
    expect(manifest).toMatchObject({
      data: { bars: expect.any(Number), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      call: { tool: "run_backtest", arguments: { model: trained.task_id } },
      experiments: [experiment_id],
      strategy_version: expect.any(String),
    });

    const concluded = await research.call("conclude_experiment", { experiment_id, conclusion: "Costs eat it." });
    expect(concluded).toMatchObject({ verdict: "not_supported", value: { runs: 2 }, existing: false });
    expect(rows(concluded, "counted").map((row) => row["task_id"])).toEqual([tested.task_id, second.task_id]);
    await research.call("save_insight", {
      insight: "Zones of RSI(12) on SPX 1d 2010-2014 earn less per risk than holding, in both draws.",
      category: "failure",
      tags: ["rsi", "spx"],
      importance: 8,
      task_ids: [tested.task_id, second.task_id],
    });
    const failed = await research.call("get_failed_strategies");
    // Two draws and a replay of one idea count once, and one failure is no pattern.
    expect(failed).toMatchObject({ judged: 1, failed: 1, share: 1 });
    expect(rows(failed, "patterns")).toEqual([]);
  });

  it("tells a second client, who knows nothing, what was tried, what failed and why, and what runs now", async () => {
    await research.hold();
    const running = await research.call("train_model", { strategy: "zones", ...TRAIN, end_date: "2008-12-31" });
    await research.follow(running.task_id, "running");
    const fresh: TestClient = await connectServer("legacy", research.lab.env);
    const ask = async (tool: string, args: Record<string, unknown> = {}) =>
      ((await fresh.call(tool, args)).structuredContent ?? {}) as Answer;
    try {
      const experiments = rows(await ask("list_experiments"), "experiments");
      expect(experiments).toMatchObject([{ experiment_id: experiment, verdict: "not_supported" }]);
      const shown = await ask("get_experiment", { experiment_id: experiment });
      expect(shown).toMatchObject({ status: "concluded", conclusion: "Costs eat it." });
      const insights = rows(await ask("search_insights", { query: "rsi zones" }), "insights");
      expect(insights[0]).toMatchObject({
        category: "failure",
        text: expect.stringContaining("less per risk than holding"),
      });
      const open = rows(await ask("list_tasks", { status: "open" }), "tasks");
      expect(open.map((task) => task["task_id"])).toEqual([running.task_id]);
      const versions = rows(await ask("get_strategy", { strategy: "zones" }), "versions");
      expect(versions).toMatchObject([{ change: "created", reason: "the hypothesis", experiment_id: experiment }]);
      // A call does not wait long for its reminders: on a busy machine the first ones have none.
      let tries = 0;
      const reminded = async () =>
        (await ask("create_strategy", { yaml: strategyText(`zones_again_${(tries += 1)}`) }))["reminders"];
      await expect.poll(reminded).toContainEqual(expect.stringContaining("less per risk than holding"));
    } finally {
      await fresh.close();
      await research.call("cancel_task", { task_id: running.task_id, reason: "a test" });
      await research.release();
    }
  });
});

describe("a strategy that is changed while a job of it waits", () => {
  it.each([
    {
      kind: "training",
      ends: "failed",
      failure: { code: "strategy_changed" },
      why: "fails: nothing would have produced it",
    },
    { kind: "backtest", ends: "completed", failure: undefined, why: "goes on: KTRDR reads the model" },
  ] as const)("a $kind $why", async ({ kind, ends, failure }) => {
    await research.writeStrategy("moving");
    const model = await research.call("train_model", { strategy: "moving", ...TRAIN });
    await research.follow(model.task_id, "completed");
    await research.faults([{ id: "held", fault: "computing_stalls", percent: 10 }]);
    const ask = async (end_date: string) =>
      kind === "training"
        ? await research.call("train_model", { strategy: "moving", ...TRAIN, end_date })
        : await research.call("run_backtest", { model: model.task_id, ...TEST, end_date });
    const holder = await ask("2013-06-28");
    await research.follow(holder.task_id, "running");
    const waiting = await ask("2013-07-31");
    await research.follow(waiting.task_id, "queued");
    await research.writeStrategy("moving", 13);
    await research.faults([]);
    const { answer } = await research.follow(waiting.task_id, ends);
    expect(answer["failure"]).toEqual(failure === undefined ? undefined : expect.objectContaining(failure));
    await research.follow(holder.task_id, "completed");
  });
});

describe("a batch", () => {
  const PERIODS = [PERIOD, { ...PERIOD, train: [TRAIN.start_date, "2008-12-31"] }];
  const wish = { work: "both", strategies: ["fast", "slow"], periods: PERIODS, at_once: 3 };

  it("survives the death of every part of ours and of KTRDR's API, computes nothing twice, and nothing that is known", async () => {
    for (const name of ["fast", "slow"]) await research.writeStrategy(name);
    // One of the batch's trainings is known before it starts.
    const known = await research.call("train_model", { strategy: "fast", ...TRAIN });
    await research.follow(known.task_id, "completed");
    await research.hold();
    const batch = await research.call("start_batch", wish);
    expect(batch).toMatchObject({ items: 4, existing: false });
    const begun = async () => {
      for (;;) {
        const status = await research.call("get_task_status", { task_id: batch.task_id, wait_seconds: 1 });
        const { batch: counts, headline } = status;
        if (Number((counts as Record<string, unknown> | undefined)?.["running"]) > 0) return headline;
      }
    };
    expect(await begun()).toMatch(/^\d of 4 items ended; \d running\.$/);
    const { lab } = research;
    for (const part of ["worker", "temporal", "postgres", "ktrdr-api", "worker"]) await lab.back(part, lab.kill(part));
    const partial = await research.call("get_results", { task_id: batch.task_id });
    expect(partial).toMatchObject({ kind: "batch", status: "open", headline: expect.stringMatching(/^Not over yet/) });
    await research.release();
    const { answer } = await research.follow(batch.task_id, "completed");
    expect(answer).toMatchObject({
      percent: 100,
      batch: {
        items: 4,
        done: 4,
        running: 0,
        failed: 0,
        not_begun: 0,
        leading: { sharpe: { median: expect.any(Number) } },
      },
    });
    const items = rows(await research.call("get_results", { task_id: batch.task_id }), "items");
    expect(items).toHaveLength(4);
    const sharpes = items.map((item) => Number(item["sharpe"]));
    expect(sharpes).toEqual(sharpes.toSorted((a, b) => b - a));
    const trainings = items.map((item) => String(item["training"]));
    expect(trainings).toContain(known.task_id);
    for (const id of trainings) {
      const lines = await research.computations(id);
      expect(
        lines.filter(({ event }) => event === "start"),
        id,
      ).toHaveLength(1);
    }
    // In another batch all the same combinations are known, so nothing is computed.
    const same = await research.call("start_batch", { ...wish, at_once: 2 });
    await research.follow(same.task_id, "completed");
    expect((await research.call("get_task_status", { task_id: same.task_id }))["batch"]).toMatchObject({
      done: 4,
      known_before: 4,
    });
    const compared = await research.call("compare_results", { task_ids: items.map((item) => item["backtest"]) });
    expect(rows(compared, "runs")).toHaveLength(4);
  });

  it("cancelled stops everything of it", async () => {
    await research.hold();
    const batch = await research.call("start_batch", {
      ...wish,
      work: "train",
      draws: 3,
      periods: [{ train: [TRAIN.start_date, "2007-12-31"] }],
    });
    for (;;) {
      const { tasks } = await research.call("list_tasks", { status: "open", kind: "training" });
      if ((tasks as unknown[]).length >= 3) break;
    }
    await research.call("cancel_task", { task_id: batch.task_id, reason: "a test" });
    await research.follow(batch.task_id, "cancelled");
    const open = rows(await research.call("list_tasks", { status: "open" }), "tasks");
    expect(open).toEqual([]);
    expect((await research.call("get_task_status", { task_id: batch.task_id }))["batch"]).toMatchObject({
      items: 6,
      done: 0,
      running: 0,
    });
    await research.release();
  });
});
