import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { createPool, run, type Pool } from "../../src/store/pool.ts";
import { batchRequest, recordBatch } from "../support/batches.ts";
import { begun } from "../support/experiments.ts";
import { backtestResult, trainingResult } from "../support/job-records.ts";
import { connectServer, setBy } from "../support/mcp.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { BACKTEST, inputOf, outcomeOf, TRAINING } from "../support/job-inputs.ts";

/** What get_task_status and get_results say of a batch, from its items on record. */

const LATER = { startDate: "2020-01-02", endDate: "2022-12-30" };

let stack: Stack;
let pool: Pool;
beforeAll(async () => {
  stack = await startStack();
  pool = createPool(stack.databaseUrl, { max: 1 });
});
afterAll(async () => {
  await pool.end();
  await stack.stop();
});

/** Records that KTRDR began the job so many seconds ago. */
async function began(jobId: string, secondsAgo: number) {
  await run(
    pool,
    `insert into computations (job_id, n, known_operations, operation_id, started_at)
     values ($1, 1, '{}', $1, now() - make_interval(secs => $2))`,
    [jobId, secondsAgo],
  );
}

async function trained(jobId: string, strategy: string, secondsAgo?: readonly [number, number]) {
  await stack.writer.admit(inputOf(jobId, { ...TRAINING, strategy }), EXAMPLE_STRATEGY);
  if (secondsAgo !== undefined) await began(jobId, secondsAgo[0]);
  await stack.writer.finish(jobId, outcomeOf(jobId, "completed"), trainingResult({ strategy }), null);
  if (secondsAgo === undefined) return;
  await run(pool, "update jobs set finished_at = now() - make_interval(secs => $2) where job_id = $1", [
    jobId,
    secondsAgo[1],
  ]);
}

async function backtested(jobId: string, strategy: string, trainingJobId: string, sharpe: number, days = {}) {
  const request = { ...BACKTEST, strategy, trainingJobId, ...days };
  await stack.writer.admit(inputOf(jobId, request), EXAMPLE_STRATEGY);
  await stack.writer.finish(jobId, outcomeOf(jobId, "completed"), backtestResult({ sharpe, strategy, ...days }), null);
}

const statusOf = async (task_id: string) => await stack.ask("get_task_status", { task_id });

/** A batch of twenty draws, two at a time. Four have ended after 100 s each, 5 s apart. Two are half way. */
async function fifthDone(batchId: string) {
  const items = Array.from({ length: 8 }, (_, at) => ({ training: `train-${batchId}-${at}` }));
  const idOf = (at: number) => items[at]?.training ?? "";
  for (const [at, since, until] of [
    [0, 265, 165],
    [1, 265, 165],
    [2, 160, 60],
    [3, 160, 60],
  ] as const) {
    await trained(idOf(at), "s0", [since, until]);
  }
  for (const at of [4, 5, 6, 7]) await stack.writer.admit(inputOf(idOf(at), TRAINING), EXAMPLE_STRATEGY);
  for (const at of [4, 5]) await began(idOf(at), 50);
  await recordBatch(stack, batchId, batchRequest(1, { draws: 20, atOnce: 4 }), items);
}

test("how far a batch is counts what its jobs have done, also of those that still compute", async () => {
  await trained("train-share-1", "s0");
  await stack.writer.admit(inputOf("backtest-share-1", BACKTEST), null);
  await began("backtest-share-1", 10);
  await stack.writer.noteSeen("backtest-share-1", 1, {
    percent: 50,
    step: "Bar 600 of 1,200",
    epochsSeen: 0,
    bestValLoss: null,
    bestValAccuracy: null,
  });
  await stack.writer.admit(inputOf("train-share-2", TRAINING), EXAMPLE_STRATEGY);
  await stack.writer.finish("train-share-2", outcomeOf("train-share-2", "failed"), null, null);
  await recordBatch(stack, "batch-share-1", batchRequest(4, { work: "both" }), [
    { training: "train-share-1", backtest: "backtest-share-1" },
    { training: "train-share-2" },
  ]);
  // Of four items one is done to three quarters, one is over, and two are not begun.
  expect(await statusOf("batch-share-1")).toMatchObject({ percent: 43 });
});

test.each([-600, 600])("a server whose clock is %i s off tells the same time left", async (seconds) => {
  const batchId = `batch-clock${seconds}-1`;
  await fifthDone(batchId);
  const client = await connectServer("modern", { ...stack.env, NODE_OPTIONS: setBy(seconds) });
  try {
    const answer = await client.call("get_task_status", { task_id: batchId });
    const { eta_seconds: eta } = answer.structuredContent as { eta_seconds: number };
    expect(eta).toBeGreaterThan(785 * 0.9);
    expect(eta).toBeLessThan(785 * 1.1);
    expect(client.stderr()).toContain("the clock of this machine is off");
  } finally {
    await client.close();
  }
});

describe("a batch", () => {
  test("tells what computes apart from what waits, and the time left by the times of its items", async () => {
    await fifthDone("batch-eta-1");
    const { batch, eta_seconds: eta } = await statusOf("batch-eta-1");
    expect(batch).toMatchObject({ items: 20, done: 4, running: 2, queued: 2, not_begun: 12 });
    // 50 s are left of the two that compute. Then come seven rounds of 100 s with the time between them.
    expect(eta).toBeGreaterThan(785 * 0.9);
    expect(eta).toBeLessThan(785 * 1.1);
    const { items: rows } = await stack.ask("get_results", { task_id: "batch-eta-1", detail: "full" });
    expect((rows as { status: string }[]).map(({ status }) => status).toSorted()).toEqual([
      ...Array.from({ length: 4 }, () => "completed"),
      ...Array.from({ length: 2 }, () => "queued"),
      ...Array.from({ length: 2 }, () => "running"),
    ]);
  });

  test("names what leads on each market and dates, and ranks nothing across them", async () => {
    for (const at of [0, 1]) await trained(`train-w-${at}`, "s0");
    await backtested("backtest-w-0", "s0", "train-w-0", 0.4);
    await backtested("backtest-w-1", "s0", "train-w-1", 0.9);
    await backtested("backtest-w-2", "s0", "train-w-0", 2, LATER);
    await backtested("backtest-w-3", "s0", "train-w-1", 1.5, LATER);
    const ids = ["backtest-w-0", "backtest-w-2", "backtest-w-1", "backtest-w-3"];
    await recordBatch(
      stack,
      "batch-w-1",
      batchRequest(2, { work: "both", draws: 2 }),
      ids.map((backtest) => ({ backtest })),
    );
    const { batch } = await statusOf("batch-w-1");
    expect(batch).not.toHaveProperty("leading");
    expect(batch).toMatchObject({
      leading_on_each: [
        { on: "SPX 1d, 2015-01-02 to 2019-12-31", strategy: "s0", draws: 2, sharpe: { median: 0.65, max: 0.9 } },
        { on: "SPX 1d, 2020-01-02 to 2022-12-30", strategy: "s0", draws: 2, sharpe: { median: 1.75, max: 2 } },
      ],
    });
    const { items } = await stack.ask("get_results", { task_id: "batch-w-1" });
    expect((items as { backtest: string }[]).map(({ backtest }) => backtest)).toEqual([
      "backtest-w-1",
      "backtest-w-0",
      "backtest-w-2",
      "backtest-w-3",
    ]);
  });

  test("names what leads of each engine, and an accuracy with its base rate", async () => {
    const { writer } = stack;
    const real = { name: "ktrdr", version: "1.0.7.2" } as const;
    const baseRate = { label: "BUY", share: 0.6, test: { label: "BUY", share: 0.55 } };
    for (const [at, engine] of [undefined, real].entries()) {
      await writer.admit(inputOf(`train-e-${at}`, TRAINING), EXAMPLE_STRATEGY);
      const result = trainingResult({
        testAccuracy: 0.5 + at / 10,
        baseRate,
        ...(engine === undefined ? {} : { engine }),
      });
      await writer.finish(`train-e-${at}`, outcomeOf(`train-e-${at}`, "completed"), result, null);
    }
    const items = [0, 1].map((at) => ({ training: `train-e-${at}` }));
    await recordBatch(stack, "batch-e-1", batchRequest(1, { draws: 2 }), items);
    const { batch } = await statusOf("batch-e-1");
    expect(batch).toMatchObject({
      leading_on_each: [
        { on: expect.stringMatching(/, sandbox-/), test_accuracy: { median: 0.5 }, test_base_rate: 0.55 },
        { on: expect.stringMatching(/, 1\.0\.7\.2$/), test_accuracy: { median: 0.6 } },
      ],
    });
    const { groups } = await stack.ask("get_results", { task_id: "batch-e-1" });
    expect(groups).toMatchObject([
      { on: expect.stringMatching(/sandbox-/), test_base_rate: 0.55 },
      { on: expect.stringMatching(/1\.0\.7\.2$/) },
    ]);
  });

  test("tells its figures by strategy before its items, and links what belongs together", async () => {
    for (const [at, sharpe] of [0.2, 0.6, 1].entries()) {
      await trained(`train-g-${at}`, "s0");
      await backtested(`backtest-g-${at}`, "s0", `train-g-${at}`, sharpe);
    }
    await trained("train-g-3", "s1");
    await backtested("backtest-g-3", "s1", "train-g-3", 0.7);
    const items = [0, 1, 2, 3].map((at) => ({ training: `train-g-${at}`, backtest: `backtest-g-${at}` }));
    await recordBatch(stack, "batch-g-1", batchRequest(2, { work: "both", draws: 3 }), items);
    const experiment_id = await begun(stack);
    await stack.deps.records.experiments.attach(experiment_id, "batch-g-1");
    const answer = await stack.ask("get_results", { task_id: "batch-g-1", detail: "brief" });
    expect(answer).toMatchObject({
      groups: [
        {
          strategy: "s0",
          draws: 3,
          sharpe: { median: 0.6, min: 0.2, max: 1 },
          trades: 42,
          excess_sharpe: expect.closeTo(-0.16),
        },
        // A single good draw does not lead: draws of the other strategy scatter by 0.4.
        { strategy: "s1", draws: 1, sharpe: { median: 0.7 } },
      ],
      items: [{ strategy: "s0", training: "train-g-2", backtest: "backtest-g-2", trades: 42 }, {}, {}],
      experiments: [experiment_id],
    });
    expect(Object.keys(answer).indexOf("groups")).toBeLessThan(Object.keys(answer).indexOf("items"));
    // The experiment is also found by the id of an item.
    const { experiments } = await stack.ask("list_experiments", { task_id: "backtest-g-2" });
    expect(experiments).toMatchObject([{ experiment_id }]);
  });
});
