import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { inputOf, outcomeOf, TRAINING } from "../support/job-inputs.ts";
import { trainingResult } from "../support/job-records.ts";
import { begun } from "../support/experiments.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

const WINDOW = { start_date: "2001-01-02", end_date: "2012-12-31" };

describe("train_model", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ temporal: true, ktrdr: true });
  });
  afterAll(async () => {
    await stack.stop();
  });
  const train = (more: Record<string, unknown> = {}) => ({ strategy: stack.strategy, ...WINDOW, ...more });

  test("starts one job, however often and at how many places at once it is asked for", async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => stack.ask("train_model", train())));
    expect(new Set(answers.map((answer) => answer["task_id"])).size).toBe(1);
    expect(answers.filter((answer) => answer["existing"] === false)).toHaveLength(1);
    expect(await stack.ask("train_model", train())).toMatchObject({ existing: true, kind: "training" });
    const jobId = String(answers[0]?.["task_id"]);
    expect(await stack.deps.jobs.view(jobId)).toMatchObject({ kind: "training", execution: "running" });
  });

  test("without a worker it says that nothing moves", async () => {
    const answer = await stack.ask("train_model", train({ end_date: "2012-11-30" }));
    expect(answer).toMatchObject({
      state: "worker_down",
      existing: false,
      next: expect.stringContaining("ktrdr-mcp worker"),
    });
  });

  test("takes symbol and timeframe from the strategy; naming the same makes the same job", async () => {
    const own = await stack.ask("train_model", train({ end_date: "2012-10-31" }));
    const named = await stack.ask("train_model", train({ end_date: "2012-10-31", symbol: "SPX", timeframe: "1d" }));
    expect(named).toMatchObject({ task_id: own["task_id"], existing: true });
  });

  test("repeats make a batch of draws, a reason makes another run", async () => {
    const one = await stack.ask("train_model", train({ end_date: "2012-09-28" }));
    const set = await stack.ask("train_model", train({ end_date: "2012-09-28", repeats: 3 }));
    expect(set).toMatchObject({ kind: "batch", existing: false });
    const again = await stack.ask(
      "train_model",
      train({ end_date: "2012-09-28", force_new_reason: "to see the spread" }),
    );
    expect(again["existing"]).toBe(false);
    expect(new Set([one, set, again].map((answer) => answer["task_id"])).size).toBe(3);
  });

  test("is a run of the experiment it names before it is started, and operators find it by that", async () => {
    const experiment_id = await begun(stack);
    const { task_id, warnings } = await stack.ask("train_model", train({ end_date: "2010-06-30", experiment_id }));
    expect(warnings).not.toContainEqual(expect.stringContaining("known before"));
    const runs = await stack.deps.records.experiments.runs(experiment_id);
    expect(runs.map(({ jobId }) => jobId)).toEqual([task_id]);
    const { searchAttributes } = await stack.temporal().client.workflow.getHandle(String(task_id)).describe();
    expect(searchAttributes).toMatchObject({ KtrdrExperiment: [experiment_id] });
    // The same request without an experiment is the same job.
    expect((await stack.ask("train_model", train({ end_date: "2010-06-30" })))["task_id"]).toBe(task_id);
    // A refused request is no run of the experiment.
    await stack.refused("train_model", train({ end_date: "2091-01-01", experiment_id }));
    expect(await stack.deps.records.experiments.runs(experiment_id)).toHaveLength(1);
  });

  test("what ended before does not count in an experiment, and the answer says so", async () => {
    const request = train({ end_date: "2010-05-31" });
    const { task_id } = await stack.ask("train_model", request);
    const id = String(task_id);
    const { memo } = await stack.temporal().client.workflow.getHandle(id).describe();
    const requestHash = String(memo?.["requestHash"]);
    const input = inputOf(id, TRAINING);
    await stack.writer.admit({ ...input, requestHash }, null);
    await stack.writer.finish(id, outcomeOf(id, "completed"), trainingResult(), null);
    const experiment_id = await begun(stack, { hypothesis: "Too late." });
    const answer = await stack.ask("train_model", { ...request, experiment_id });
    expect(answer).toMatchObject({ existing: true, warnings: [expect.stringContaining("known before")] });
    expect((await stack.ask("train_model", { ...request, experiment_id }))["warnings"]).toEqual([]);
  });

  test("an experiment that is unknown or concluded starts nothing", async () => {
    const wanted = train({ end_date: "2010-04-30" });
    const unknown = { ...wanted, experiment_id: "experiment-0000000000000000" };
    expect(await stack.refused("train_model", unknown)).toContain("no experiment");
    const experiment_id = await begun(stack, { hypothesis: "Over." });
    await stack.ask("conclude_experiment", { experiment_id, conclusion: "Given up." });
    expect(await stack.refused("train_model", { ...wanted, experiment_id })).toContain("takes no more runs");
    expect(await stack.ask("train_model", wanted)).toMatchObject({ existing: false });
  });

  test("a job that only the record knows is answered from it, for ever", async () => {
    const { task_id } = await stack.ask("train_model", train({ end_date: "2011-12-30" }));
    const id = String(task_id);
    const view = await stack.deps.jobs.view(id);
    const file = await stack.strategies.read(stack.strategy);
    const request = {
      kind: "training",
      strategy: file.name,
      strategySha256: file.sha256,
      symbol: "SPX",
      timeframe: "1d",
      startDate: WINDOW.start_date,
      endDate: "2011-12-30",
      draw: 1,
    } as const;
    await stack.writer.admit({ ...inputOf(id, request), requestHash: view?.requestHash ?? "" }, null);
    await stack.writer.finish(id, { ...outcomeOf(id, "cancelled"), headline: "Stopped." }, null, null);
    expect(await stack.ask("train_model", train({ end_date: "2011-12-30" }))).toMatchObject({
      existing: true,
      state: "cancelled",
      final: true,
      headline: "Stopped.",
    });
  });

  test.each([
    ["an unknown strategy", { strategy: "nothing_here" }, "strategy_not_found", "spx_pullback_example"],
    ["dates before the data", { start_date: "1980-01-02" }, "data_not_found", "start_date from 2000-"],
    ["dates after the data", { end_date: "2035-01-02" }, "data_not_found", "end_date to 20"],
    ["a symbol without data", { symbol: "NOPE" }, "data_not_found", "NOPE"],
    ["dates the wrong way round", { start_date: "2013-01-02" }, "invalid_input", "after end_date"],
    ["a date that does not exist", { start_date: "2001-02-30" }, "invalid_input", "must exist"],
    ["too many repeats", { repeats: 21 }, "invalid_input", "repeats"],
  ])("refuses %s before anything is started", async (_what, more, code, told) => {
    const text = await stack.refused("train_model", train(more));
    expect(text).toContain(`[${code} -32602]`);
    expect(text).toContain(told);
  });

  test("refuses a strategy with errors and says which", async () => {
    const bad = EXAMPLE_STRATEGY.replace("spx_pullback_example", "bad_one").replace("type: rsi", "type: rsx");
    await stack.strategies.write("bad_one", bad, { overwrite: true });
    const text = await stack.refused("train_model", train({ strategy: "bad_one" }));
    expect(text).toMatch(/^\[strategy_invalid -32602\].*rsx.*Next: validate_strategy/);
  });
});
