import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ErrorCode } from "../../src/domain/errors.ts";
import type { BacktestResult } from "../../src/domain/kinds/backtest.ts";
import { EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { backtestResult, recordTraining } from "../support/job-records.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { BACKTEST, inputOf, outcomeOf, TRAINING } from "../support/job-inputs.ts";

const MACD = EXAMPLE_STRATEGY.replace("{type: rsi, period: 5}", "{type: macd}");

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

/** A backtest of a model that was trained until 2014, as the worker would have left it. */
async function backtested(
  jobId: string,
  text: string,
  more: Partial<BacktestResult>,
  strategy = "probe",
  idea = jobId,
) {
  const input = inputOf(jobId, { ...BACKTEST, strategy, trainingJobId: "train-model-1" });
  await stack.writer.admit(input, `${text}\n# ${idea}`);
  const result = backtestResult({ strategy, ...more });
  await stack.writer.finish(jobId, outcomeOf(jobId, "completed"), result, result.engine);
}

async function failed(jobId: string, code: ErrorCode, text: string | null) {
  await stack.writer.admit(inputOf(jobId, TRAINING), text);
  const failure = { code, what: "It failed.", why: null, next: null };
  await stack.writer.finish(jobId, { ...outcomeOf(jobId, "failed"), failure }, null, null);
}

const ask = async (args: Record<string, unknown> = {}) => await stack.ask("get_failed_strategies", args);

describe("get_failed_strategies", () => {
  test("says so when nothing was judged", async () => {
    expect(await ask()).toMatchObject({ judged: 0, failed: 0, share: null, kinds: [], patterns: [], more: false });
  });

  test("groups what failed by what it has in common, beside how often that was tried", async () => {
    await recordTraining(stack.writer, "train-model-1", {});
    // It earns less than holding, but for less risk, so it has not failed.
    const good = { totalReturn: 0.2, sharpe: 1.1 };
    await backtested("backtest-good-1", MACD, good);
    await backtested("backtest-good-2", MACD, good);
    await backtested("backtest-beaten-1", EXAMPLE_STRATEGY, { totalReturn: 0.9, sharpe: 0.3 });
    await backtested("backtest-beaten-2", EXAMPLE_STRATEGY, { sharpe: 0.3 });
    await backtested("backtest-idle-1", EXAMPLE_STRATEGY, { trades: 0, totalReturn: 0 }, "other");
    await backtested("backtest-low-1", MACD, { sharpe: -0.2, buyAndHold: null });
    await failed("train-broken-1", "computation_failed", EXAMPLE_STRATEGY);
    // It is in-sample, so it proves neither success nor failure.
    await backtested("backtest-insample-1", MACD, { startDate: "2010-01-01", sharpe: -0.5 });
    const answer = await ask();
    expect(answer).toMatchObject({ judged: 7, failed: 5, share: 0.71429, more: false });
    expect(answer["kinds"]).toEqual([
      { kind: "beaten by buying and holding", strategies: 2, task_ids: ["backtest-beaten-2", "backtest-beaten-1"] },
      { kind: "job failed: computation_failed", strategies: 1, task_ids: ["train-broken-1"] },
      { kind: "no trades", strategies: 1, task_ids: ["backtest-idle-1"] },
      { kind: "Sharpe too low", strategies: 1, task_ids: ["backtest-low-1"] },
    ]);
    expect((answer["patterns"] as unknown[])[0]).toEqual({
      trait: "indicator",
      value: "rsi",
      failed: 4,
      tried: 4,
      share: 1,
      task_ids: ["train-broken-1", "backtest-idle-1"],
    });
    // All runs were on SPX, which explains nothing. A symbol that was asked for explains nothing either.
    expect(JSON.stringify(answer["patterns"])).not.toMatch(/architecture|symbol|timeframe/);
    expect(JSON.stringify(await ask({ symbol: "SPX" }))).not.toMatch(/"trait":"symbol"/);
    expect(answer["engine"]).toMatch(/practice figures/);
  });

  test("counts draws of one strategy once", async () => {
    const before = await ask();
    for (const draw of [1, 2, 3]) await backtested(`backtest-draw-${draw}`, MACD, { sharpe: -1 }, "drawn", "drawn");
    const after = await ask();
    expect(after).toMatchObject({ judged: Number(before["judged"]) + 1, runs: Number(before["runs"]) + 3 });
    expect(await ask({ strategy: "drawn" })).toMatchObject({
      judged: 1,
      runs: 3,
      failed: 1,
      kinds: [{ kind: "Sharpe too low", strategies: 1 }],
      patterns: [],
    });
  });

  test("asks for what is wanted: another threshold, another strategy, fewer rows", async () => {
    expect(await ask({ sharpe_below: -1 })).toMatchObject({ failed: 5 });
    expect(await ask({ sharpe_below: 2 })).toMatchObject({ failed: 8 });
    expect(await ask({ strategy: "other" })).toMatchObject({ judged: 1, patterns: [] });
    expect(await ask({ symbol: "EURUSD" })).toMatchObject({ judged: 0 });
    expect(await ask({ since: "2999-01-01" })).toMatchObject({ judged: 0 });
    const short = await ask({ limit: 1 });
    expect(short).toMatchObject({ more: true });
    expect(short["patterns"]).toHaveLength(1);
  });

  test("a run whose strategy's text was cleaned up, or never one, still counts for the rest", async () => {
    await failed("train-broken-2", "computation_lost", null);
    await failed("train-broken-3", "computation_lost", "}{ not a strategy");
    const answer = await ask();
    expect(answer).toMatchObject({ judged: 10, failed: 8, runs: 12 });
  });
});
