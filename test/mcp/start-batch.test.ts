import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXAMPLE_NAME, EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { batchRequest, recordBatch } from "../support/batches.ts";
import { recordTraining } from "../support/job-records.ts";
import { begun } from "../support/experiments.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

const TRAIN = { train: ["2001-01-02", "2010-12-31"] };
const TEST = { test: ["2011-01-03", "2015-12-31"] };
const PERIOD = { ...TRAIN, ...TEST };

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ temporal: true, ktrdr: true });
  for (const name of ["one", "two"]) {
    const text = EXAMPLE_STRATEGY.replace(`name: ${EXAMPLE_NAME}`, `name: ${name}`);
    await stack.strategies.write(name, text, { overwrite: true });
  }
});
afterAll(() => stack.stop());

const start = async (args: Record<string, unknown>) => await stack.ask("start_batch", args);
async function inputOfJob(taskId: unknown) {
  const handle = stack.temporal().client.workflow.getHandle(String(taskId));
  const [{ raw }, { events }] = await Promise.all([handle.describe(), handle.fetchHistory()]);
  const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
  return { raw, input: JSON.parse(Buffer.from(payload ?? "{}").toString()) as Record<string, unknown> };
}

describe("start_batch", () => {
  test("is one job of all combinations, and the same call finds it again", async () => {
    const wish = { work: "both", strategies: ["one", "two"], draws: 3, periods: [PERIOD] };
    const answer = await start(wish);
    expect(answer).toMatchObject({
      kind: "batch",
      items: 6,
      existing: false,
      task_id: expect.stringMatching(/^batch-SPX_1d-[0-9a-f]{8}$/),
    });
    expect(await start(wish)).toMatchObject({ task_id: answer["task_id"], existing: true, items: 6 });
    const { input } = await inputOfJob(answer["task_id"]);
    expect(input).toMatchObject({
      priority: 4,
      request: {
        atOnce: 4,
        maxFailures: 10,
        strategies: [{ strategy: "one", symbol: "SPX", timeframe: "1d" }, { strategy: "two" }],
      },
    });
    expect((await start({ ...wish, draws: 2 }))["task_id"]).not.toBe(answer["task_id"]);
  });

  test("takes models, those of a batch one by one", async () => {
    await recordTraining(stack.writer, "train-m-1", { modelPath: "models/probe/1d_v9" });
    const drawn = ["train-drawn-1", "train-drawn-2"];
    for (const id of drawn) await recordTraining(stack.writer, id, { modelPath: `models/probe/1d_v${id.at(-1)}` });
    await recordBatch(
      stack,
      "batch-m-1",
      batchRequest(1, { draws: 2 }),
      drawn.map((training) => ({ training })),
    );
    const answer = await start({
      work: "backtest",
      models: ["train-m-1", "batch-m-1"],
      periods: [TEST, { test: ["2016-01-04", "2018-12-31"] }],
    });
    expect(answer).toMatchObject({ items: 6, warnings: [expect.stringContaining("IN-SAMPLE")] });
  });

  test("does not call dates before the training in-sample", async () => {
    await recordTraining(stack.writer, "train-late-1", { modelPath: "models/probe/1d_v8", startDate: "2012-01-03" });
    const wish = { work: "backtest", models: ["train-late-1"], periods: [{ test: ["2005-01-03", "2009-12-31"] }] };
    expect(await start(wish)).toMatchObject({ items: 1, warnings: [] });
  });

  test("is a run of its experiment, and operators find it by that", async () => {
    const experiment_id = await begun(stack);
    const { task_id } = await start({ work: "train", strategies: ["one"], periods: [TRAIN], experiment_id });
    const { raw } = await inputOfJob(task_id);
    expect(JSON.stringify(raw.workflowExecutionInfo?.searchAttributes)).toContain("KtrdrExperiment");
    const runs = await stack.deps.records.experiments.runs(experiment_id);
    expect(runs.map(({ jobId }) => jobId)).toEqual([task_id]);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ["training without strategies", { work: "train", periods: [TRAIN] }, /needs strategies, and no models/],
    [
      "training with models",
      { work: "train", strategies: ["one"], models: ["train-m-1"], periods: [TRAIN] },
      /needs strategies, and no models/,
    ],
    [
      "backtests without models",
      { work: "backtest", strategies: ["one"], periods: [TEST] },
      /needs models, and no strategies/,
    ],
    ["a period without test dates", { work: "both", strategies: ["one"], periods: [TRAIN] }, /needs test dates/],
    [
      "a period with dates it has no use for",
      { work: "train", strategies: ["one"], periods: [PERIOD] },
      /no use for test dates/,
    ],
    [
      "dates the wrong way round",
      { work: "train", strategies: ["one"], periods: [{ train: ["2010-01-04", "2001-01-02"] }] },
      /after end_date/,
    ],
    [
      "dates without bars",
      { work: "train", strategies: ["one"], periods: [{ train: ["2001-01-02", "2091-01-02"] }] },
      /do not cover/,
    ],
    ["an unknown strategy", { work: "train", strategies: ["absent"], periods: [TRAIN] }, /no strategy "absent"/],
    ["an unknown model", { work: "backtest", models: ["train-absent-1"], periods: [TEST] }, /No training is called/],
    ["an unknown symbol", { work: "train", strategies: ["one"], symbols: ["NONE"], periods: [TRAIN] }, /NONE/],
    [
      "more than a thousand",
      {
        work: "train",
        strategies: ["one", "two"],
        draws: 20,
        periods: Array.from({ length: 30 }, (_, at) => ({
          train: ["2001-01-02", `2010-12-${String(at + 1).padStart(2, "0")}`],
        })),
      },
      /would be 1200 items; a batch has at most 1000/,
    ],
  ])("refuses %s, and starts nothing", async (_name, args, why) => {
    expect(await stack.refused("start_batch", args)).toMatch(why);
  });
});
