import { hash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXAMPLE_NAME, EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import type { BacktestResult } from "../../src/domain/kinds/backtest.ts";
import { batchRequest, recordBatch } from "../support/batches.ts";
import { backtestResult, recordOpen, trainingResult } from "../support/job-records.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { BACKTEST, inputOf, outcomeOf, TRAINING } from "../support/job-inputs.ts";

const SHA = hash("sha256", EXAMPLE_STRATEGY);
const DATA = { bars: 1_258, first: "2015-01-02", last: "2019-12-31", sha256: "a".repeat(64) };
const ENGINE = { name: "sandbox", version: "sandbox-1.0.0" } as const;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ temporal: true, ktrdr: true });
});
afterAll(() => stack.stop());

const request = { ...BACKTEST, strategy: EXAMPLE_NAME, strategySha256: SHA };

/** Records a finished backtest as the worker would have left it. */
async function ended(jobId: string, hash: string, more: Partial<BacktestResult> = {}, asked = request) {
  await stack.writer.admit({ ...inputOf(jobId, asked), requestHash: hash }, EXAMPLE_STRATEGY);
  await stack.writer.finish(jobId, outcomeOf(jobId, "completed"), backtestResult({ data: DATA, ...more }), ENGINE);
}

const replay = async (task_id: string) => await stack.ask("replay_run", { task_id });

/** Records an original and its replay, which ended with another result. @returns what replay_run says */
async function replayed(jobId: string, more: Partial<BacktestResult>, asked = request) {
  await ended(jobId, jobId, {}, asked);
  const { jobId: id, requestHash } = stack.deps.jobs.idOf(asked, `replay of ${jobId}`);
  await ended(id, requestHash, more, asked);
  return await replay(jobId);
}

describe("replay_run", () => {
  test("starts the same request once more, once", async () => {
    await ended("backtest-o-1", "o1");
    const first = await replay("backtest-o-1");
    expect(first).toMatchObject({
      original: "backtest-o-1",
      comparison: "not over yet",
      differences: [],
      final: false,
    });
    expect(first["task_id"]).not.toBe("backtest-o-1");
    expect((await replay("backtest-o-1"))["task_id"]).toBe(first["task_id"]);
    const { memo } = await stack.temporal().client.workflow.getHandle(String(first["task_id"])).describe();
    expect(memo).toMatchObject({ kind: "backtest" });
  });

  test("of a training that went on from a checkpoint trains from the start, and says so", async () => {
    const whole = { ...TRAINING, strategy: EXAMPLE_NAME, strategySha256: SHA };
    const asked = { ...whole, resumeFrom: "train-earlier-1" };
    await stack.writer.admit(inputOf("train-o-9", asked), EXAMPLE_STRATEGY);
    await stack.writer.finish("train-o-9", outcomeOf("train-o-9", "completed"), trainingResult(), ENGINE);
    const { jobId, requestHash } = stack.deps.jobs.idOf(whole, "replay of train-o-9");
    await stack.writer.admit({ ...inputOf(jobId, whole), requestHash }, EXAMPLE_STRATEGY);
    await stack.writer.finish(jobId, outcomeOf(jobId, "completed"), trainingResult({ epochsTrained: 3 }), ENGINE);
    expect(await replay("train-o-9")).toMatchObject({
      task_id: jobId,
      causes: expect.arrayContaining([expect.stringContaining("went on from the checkpoint of train-earlier-1")]),
    });
  });

  test.each<[string, Partial<BacktestResult>, Record<string, unknown>]>([
    ["the same", {}, { comparison: "the same", differences: [], causes: [] }],
    [
      "another without a cause",
      { sharpe: 0.2 },
      {
        comparison: expect.stringContaining("do not trust either"),
        differences: ["sharpe: 0.1074 -> 0.2", expect.stringContaining("excess_sharpe")],
        causes: [],
      },
    ],
    [
      "another on other bars",
      { trades: 43, data: { ...DATA, bars: 1_259, sha256: "b".repeat(64) } },
      {
        comparison: expect.stringContaining("may explain it"),
        differences: ["trades: 42 -> 43", "time_in_market: 0.60429 -> 0.61868"],
        causes: [expect.stringMatching(/^bars: 1258 from .* -> 1259/)],
      },
    ],
    [
      "another by another KTRDR",
      { trades: 43, engine: { name: "sandbox", version: "sandbox-2.0.0" } },
      { causes: ["KTRDR: sandbox-1.0.0 -> sandbox-2.0.0"] },
    ],
    [
      "another whose bars are not known",
      { trades: 43, data: null },
      { causes: [expect.stringContaining("not on record")] },
    ],
  ])("says when it came out as %s", async (name, more, expected) => {
    const capital = 1_000 + name.length;
    expect(
      await replayed(`backtest-${name.replaceAll(" ", "-")}`, more, { ...request, initialCapital: capital }),
    ).toMatchObject(expected);
  });

  test("of a training says that it is another draw", async () => {
    const asked = { ...TRAINING, strategy: EXAMPLE_NAME, strategySha256: SHA };
    const finish = async (jobId: string, hash: string, testAccuracy: number) => {
      await stack.writer.admit({ ...inputOf(jobId, asked), requestHash: hash }, EXAMPLE_STRATEGY);
      await stack.writer.finish(
        jobId,
        outcomeOf(jobId, "completed"),
        trainingResult({ testAccuracy, data: DATA }),
        ENGINE,
      );
    };
    await finish("train-o-1", "t1", 0.5);
    const { jobId, requestHash } = stack.deps.jobs.idOf(asked, "replay of train-o-1");
    await finish(jobId, requestHash, 0.6);
    expect(await replay("train-o-1")).toMatchObject({
      comparison: expect.stringContaining("another draw"),
      differences: ["test_accuracy: 0.5 -> 0.6"],
    });
  });

  test("refuses when the strategy is another text, and says how to bring it back", async () => {
    const wanted = "c".repeat(64);
    const asked = { ...TRAINING, strategy: EXAMPLE_NAME, strategySha256: wanted };
    await stack.writer.admit(inputOf("train-changed-1", asked), EXAMPLE_STRATEGY);
    await stack.writer.finish("train-changed-1", outcomeOf("train-changed-1", "completed"), trainingResult(), ENGINE);
    const refused = await stack.refused("replay_run", { task_id: "train-changed-1" });
    expect(refused).toMatch(/^\[strategy_changed -32602\].*get_strategy with version c{64}/s);
  });

  test("of a backtest needs no text: the model has it", async () => {
    const gone = { ...request, strategy: "gone", strategySha256: "c".repeat(64) };
    await ended("backtest-gone-1", "g1", {}, gone);
    expect(await replay("backtest-gone-1")).toMatchObject({ comparison: "not over yet" });
  });

  test("refuses what cannot be replayed", async () => {
    await recordBatch(stack, "batch-o-1", batchRequest(1), []);
    await recordOpen(stack.writer, "train-open-1");
    expect(await stack.refused("replay_run", { task_id: "batch-o-1" })).toContain("one training or backtest");
    expect(await stack.refused("replay_run", { task_id: "train-open-1" })).toContain("it is open");
    expect(await stack.refused("replay_run", { task_id: "train-none-1" })).toContain("no job train-none-1");
  });
});

test("a result in full names everything that produced it", async () => {
  const { sha256 } = await stack.strategies.read(EXAMPLE_NAME);
  await stack.deps.strategies.notice();
  await ended("backtest-whole-1", "w1", {}, { ...request, strategySha256: sha256 });
  await stack.deps.records.experiments.attach(
    String(
      (
        await stack.ask("start_experiment", {
          hypothesis: "x",
          metric: "sharpe",
          threshold: 1,
          symbol: "SPX",
          timeframe: "1d",
          start_date: "2015-01-01",
          end_date: "2019-12-31",
        })
      )["experiment_id"],
    ),
    "backtest-whole-1",
  );
  const { manifest, produced_by } = await stack.ask("get_results", { task_id: "backtest-whole-1", detail: "full" });
  expect(manifest).toMatchObject({
    request: { ...request, strategySha256: sha256 },
    strategy_sha256: sha256,
    strategy_version: expect.stringMatching(/^[0-9a-f]{12}$/),
    data: DATA,
    engine: "sandbox-1.0.0",
    experiments: [expect.stringMatching(/^experiment-/)],
    admitted_at: expect.any(String),
    finished_at: expect.any(String),
  });
  expect(produced_by).toMatchObject({ strategy_sha256: sha256 });
});
