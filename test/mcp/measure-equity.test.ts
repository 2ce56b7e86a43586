import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import type { MeasurementRequest, MeasurementResult } from "../../src/domain/kinds/measurement.ts";
import { batchRequest, recordBatch } from "../support/batches.ts";
import { begun } from "../support/experiments.ts";
import { BACKTEST, inputOf, outcomeOf, TRAINING } from "../support/job-inputs.ts";
import { backtestResult, recordBacktest, recordEnd, recordTraining } from "../support/job-records.ts";
import { measure, wave } from "../support/measured.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

const ENGINE = { name: "sandbox", version: "sandbox-1.0.0" } as const;
const RUN = "backtest-run-1";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ temporal: true, ktrdr: true });
  const { writer, strategy } = stack;
  const model = { strategy, modelPath: `models/${strategy}/1d_v1` };
  await recordTraining(writer, "train-run-1", model, EXAMPLE_STRATEGY);
  await recordBacktest(writer, RUN, "train-run-1", { strategy, modelPath: model.modelPath });
  await recordBacktest(writer, "backtest-idle-1", "train-run-1", { trades: 0 });
  for (const [id, endDate, equityPoints] of [
    ["backtest-short-1", "2019-07-26", 1_208],
    ["backtest-warm-1", "2019-08-20", 5],
  ] as const) {
    const days = { startDate: "2019-06-03", endDate };
    await writer.admit(inputOf(id, { ...BACKTEST, ...days, trainingJobId: "train-run-1" }), null);
    await writer.finish(id, outcomeOf(id, "completed"), backtestResult({ ...days, equityPoints }), ENGINE);
  }
  await writer.admit(inputOf("backtest-open-1", { ...BACKTEST, commission: 0.002 }), null);
  await writer.admit(inputOf("backtest-failed-1", { ...BACKTEST, commission: 0.003 }), null);
  await writer.finish("backtest-failed-1", outcomeOf("backtest-failed-1", "failed"), null, ENGINE);
  await recordEnd(writer, "train-ended-1", { status: "failed" });
  await recordBatch(stack, "batch-run-1", batchRequest(1), []);
});
afterAll(() => stack.stop());

const start = async (more: Record<string, unknown> = {}) =>
  await stack.ask("measure_equity", { task_id: RUN, ...more });

async function requestOf(taskId: unknown) {
  const { events } = await stack.temporal().client.workflow.getHandle(String(taskId)).fetchHistory();
  const started = events?.[0]?.workflowExecutionStartedEventAttributes;
  const payload = started?.input?.payloads?.[0]?.data;
  const input = JSON.parse(Buffer.from(payload ?? "{}").toString()) as {
    priority: number;
    request: MeasurementRequest;
  };
  return { ...input, workflow: started?.workflowType?.name };
}

/** A finished measurement of the backtest, as the worker would have left it, with one prefix. */
async function recordMeasurement(jobId: string, result: MeasurementResult, days: Partial<MeasurementRequest> = {}) {
  const { measures } = result;
  const request: MeasurementRequest = {
    ...BACKTEST,
    kind: "measurement",
    measures,
    trainingJobId: "train-run-1",
    ends: ["2019-12-31"],
    ...days,
  };
  await stack.writer.admit({ ...inputOf(jobId, TRAINING, 5), request }, null);
  await stack.writer.finish(jobId, outcomeOf(jobId, "completed"), result, ENGINE);
}

describe("measure_equity", () => {
  test("is one job behind all others, with the months' ends; the same call finds it again", async () => {
    const answer = await start();
    expect(answer).toMatchObject({ kind: "measurement", existing: false, state: "worker_down", points: 58 });
    expect(answer["task_id"]).toMatch(/^measure-probe-[0-9a-f]{8}$/);
    expect(await start()).toMatchObject({ task_id: answer["task_id"], existing: true, points: 58 });
    const { priority, request, workflow } = await requestOf(answer["task_id"]);
    expect({ priority, workflow }).toEqual({ priority: 5, workflow: "measureEquity" });
    expect(request).toMatchObject({ kind: "measurement", measures: RUN, trainingJobId: "train-run-1" });
    expect([request.ends[0], request.ends.at(-1)]).toEqual(["2015-03-31", "2019-12-31"]);
    const few = await start({ points: 5 });
    expect(few).toMatchObject({ existing: false, points: 5 });
    const again = await start({ force_new_reason: "the first one was cancelled" });
    expect(new Set([answer["task_id"], few["task_id"], again["task_id"]]).size).toBe(3);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ["an unknown id", { task_id: "backtest-none-1" }, /There is no job backtest-none-1/],
    ["a training", { task_id: "train-run-1" }, /train-run-1 is a training: one finished backtest/],
    ["a batch", { task_id: "batch-run-1" }, /batch-run-1 is a batch/],
    ["an open backtest", { task_id: "backtest-open-1" }, /has not ended yet/],
    ["a failed one", { task_id: "backtest-failed-1" }, /has no result: it ended as failed/],
    ["one without a trade", { task_id: "backtest-idle-1" }, /made no trade/],
    ["one of less than two months", { task_id: "backtest-short-1" }, /too short to be measured/],
    ["one that trades over no month's end", { task_id: "backtest-warm-1" }, /too short to be measured/],
    ["no points", { task_id: RUN, points: 0 }, /points/],
    ["one point", { task_id: RUN, points: 1 }, /points/],
    ["too many points", { task_id: RUN, points: 61 }, /points/],
    ["half a point", { task_id: RUN, points: 2.5 }, /points/],
    ["a number that is none", { task_id: RUN, points: "NaN" }, /points/],
  ])("refuses %s, and starts nothing", async (_, args, why) => {
    expect(await stack.refused("measure_equity", args)).toMatch(why);
  });
});

describe("a finished measurement", () => {
  const COUNTS = Array.from({ length: 16 }, (_, at) => 20 * (at + 1));
  const measured = (name: string, seed: number, drift = 0) =>
    measure({ returns: wave(320, seed, drift), market: wave(320, 30, 0.001), counts: COUNTS, measures: name });
  const PREFIX = "backtest-prefix-1";

  beforeAll(async () => {
    await recordMeasurement("measure-one-1", measured(RUN, 1, 0.001));
    await recordMeasurement("measure-two-1", measured("backtest-two-1", 2));
    const other = measure({ returns: wave(320, 1), market: wave(320, 30), counts: COUNTS }, (whole) => {
      return { ...whole, raw: { ...whole.raw, volatility: 1 } };
    });
    await recordMeasurement("measure-other-1", other);
    const request = { ...BACKTEST, trainingJobId: "train-run-1", measures: RUN, endDate: "2017-12-29" };
    await stack.writer.admit({ ...inputOf(PREFIX, request), parentJobId: "measure-one-1" }, null);
    const result = backtestResult({
      endDate: "2017-12-29",
      modelPath: "models/other/1d_v1",
      measures: RUN,
      sharpe: -1,
    });
    await stack.writer.finish(PREFIX, outcomeOf(PREFIX, "completed"), result, ENGINE);
  });

  test("tells the proof first, then years, losses and holding; with a picture when wanted", async () => {
    const answer = await stack.ask("get_results", { task_id: "measure-one-1" });
    expect(answer).toMatchObject({
      kind: "measurement",
      figures: {
        measures: RUN,
        model_and_record_agree: true,
        years: [{ year: "2015-2016", part: "from 2015-02-21 to 2016-01-07", excess_return: expect.any(Number) }],
        blocks: expect.any(Array),
        holding: { correlation: expect.any(Number), at_same_exposure: { exposure: expect.any(Number) } },
      },
      next: expect.stringContaining("compare_results"),
    });
    expect(answer).not.toHaveProperty("luck");
    const { content } = await stack.call("get_results", { task_id: "measure-one-1", chart: true, detail: "brief" });
    expect(content.map(({ type }) => type)).toEqual(["text", "image"]);
  });

  test("of days that the model was trained on says so, at the start and in the answer", async () => {
    const days = { startDate: "2012-01-03", endDate: "2014-06-30" };
    await stack.writer.admit(
      inputOf("backtest-inside-1", { ...BACKTEST, ...days, trainingJobId: "train-run-1" }),
      null,
    );
    await stack.writer.finish(
      "backtest-inside-1",
      outcomeOf("backtest-inside-1", "completed"),
      backtestResult(days),
      ENGINE,
    );
    const started = await start({ task_id: "backtest-inside-1" });
    expect(started).toMatchObject({ existing: false, warnings: [expect.stringMatching(/^IN-SAMPLE/)] });
    await recordMeasurement("measure-inside-1", measured("backtest-inside-1", 5), days);
    const { caveats } = await stack.ask("get_results", { task_id: "measure-inside-1" });
    expect((caveats as string[])[0]).toMatch(/^IN-SAMPLE: the model was trained on/);
  });

  test("whose model changed says so, and tells nothing else", async () => {
    const answer = await stack.ask("get_results", { task_id: "measure-other-1", chart: true });
    expect(answer["figures"]).toEqual({
      measures: "backtest-measured-1",
      model_and_record_agree: false,
      because: "the model folder changed since",
      differs: [expect.objectContaining({ figure: "volatility", measured: 1 })],
      differing_figures: 1,
    });
  });

  test("is compared with others by the probability of overfitting", async () => {
    const ids = ["measure-two-1", "measure-one-1"];
    const answer = await stack.ask("compare_results", { task_ids: ids });
    expect(answer).toMatchObject({
      headline: expect.stringMatching(
        /^Probability of overfitting \(PBO\) \d+ %: in so many of 12870 splits of 16 blocks/,
      ),
      overfitting: {
        pbo: expect.any(Number),
        loses_out_of_sample: expect.any(Number),
        degradation_slope: expect.any(Number),
        blocks: 16,
      },
      groups: [
        { against_best: "is the best", task_ids: ["measure-one-1"] },
        { against_best: expect.stringMatching(/chance: worse by/), adjusted_p: expect.any(Number) },
      ],
    });
    const drawn = await stack.call("compare_results", { task_ids: ids, chart: true });
    expect(drawn.content.map(({ type }) => type)).toEqual(["text", "image"]);
    const wrong = async (...task_ids: string[]) => await stack.refused("compare_results", { task_ids });
    const by = await stack.refused("compare_results", { task_ids: ids, figure: "total_return" });
    expect(by).toMatch(/not compared by total_return/);
    expect(await wrong("measure-one-1")).toMatch(/one measurement alone/);
    expect(await wrong("measure-one-1", RUN)).toMatch(/backtest-run-1 is a backtest, and others are measurements/);
    expect(await wrong("measure-one-1", "measure-other-1")).toMatch(/the model folder changed since/);
  });

  test("and its prefixes are no runs of their own", async () => {
    const answer = await stack.ask("get_results", { task_id: PREFIX });
    expect(answer).toMatchObject({
      part_of: "measure-one-1",
      caveats: expect.arrayContaining([expect.stringMatching(/^A prefix that measures backtest-run-1: no trial/)]),
      next: expect.stringContaining("measure-one-1"),
    });
    expect(answer).not.toHaveProperty("luck");
    const refused = async (tool: string, args: Record<string, unknown>) => await stack.refused(tool, args);
    expect(await refused("compare_results", { task_ids: [PREFIX, RUN] })).toMatch(/compared with nothing/);
    expect(await refused("measure_equity", { task_id: PREFIX })).toMatch(/a prefix of backtest-run-1/);
    expect(await refused("measure_equity", { task_id: "measure-one-1" })).toMatch(/is a measurement itself/);
    expect(await refused("replay_run", { task_id: PREFIX })).toMatch(/is a prefix: one training or backtest/);
    expect(await refused("replay_run", { task_id: "measure-one-1" })).toMatch(/is a measurement/);
    const dates = { start_date: "2015-01-02", end_date: "2019-12-31" };
    expect(await refused("run_backtest", { model: "measure-one-1", ...dates })).toMatch(
      /a measurement, not a training/,
    );
    expect(await stack.deps.records.results.twins(RUN)).toEqual([]);
    const { tasks } = (await stack.ask("list_tasks", { kind: "backtest", limit: 50 })) as {
      tasks: { task_id: string }[];
    };
    expect(tasks.find(({ task_id }) => task_id === PREFIX)).toMatchObject({ part_of: "measure-one-1" });
  });

  test("raises no count, fails nothing and decides no experiment", async () => {
    const { judged } = await stack.ask("get_failed_strategies", { sharpe_below: 0 });
    const before = await stack.deps.records.ledger.trials("SPX", { startDate: "2015-01-02", endDate: "2019-12-31" });
    const more = { ...BACKTEST, trainingJobId: "train-run-1", measures: RUN, endDate: "2016-12-30" };
    const experiment_id = await begun(stack);
    await stack.deps.records.experiments.attach(experiment_id, "backtest-prefix-2");
    await stack.writer.admit(inputOf("backtest-prefix-2", more), null);
    const result = backtestResult({ endDate: "2016-12-30", measures: RUN, sharpe: -2 });
    await stack.writer.finish("backtest-prefix-2", outcomeOf("backtest-prefix-2", "completed"), result, ENGINE);
    expect(await stack.ask("get_failed_strategies", { sharpe_below: 0 })).toMatchObject({ judged });
    const after = await stack.deps.records.ledger.trials("SPX", { startDate: "2015-01-02", endDate: "2019-12-31" });
    expect(after).toEqual(before);
    const concluded = await stack.ask("conclude_experiment", { experiment_id, conclusion: "It was a prefix only." });
    expect(concluded).toMatchObject({
      verdict: "inconclusive",
      left_out: [{ why: `a prefix that measures ${RUN}` }],
    });
  });

  test("is recommended where luck does not explain a backtest", async () => {
    const lucky = backtestResult({ symbol: "EDGE", sharpe: 2.5, raw: { sharpe_ratio: 2.5, volatility: 0.1 } });
    await stack.writer.admit(
      inputOf("backtest-edge-1", { ...BACKTEST, symbol: "EDGE", trainingJobId: "train-run-1" }),
      null,
    );
    await stack.writer.finish("backtest-edge-1", outcomeOf("backtest-edge-1", "completed"), lucky, ENGINE);
    const { next } = await stack.ask("get_results", { task_id: "backtest-edge-1" });
    expect(next).toMatch(/^measure_equity with backtest-edge-1:/);
    expect((await stack.ask("get_results", { task_id: RUN }))["next"]).not.toContain("measure_equity");
  });
});
