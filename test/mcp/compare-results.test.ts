import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import type { BacktestRequest, BacktestResult } from "../../src/domain/kinds/backtest.ts";
import { backtestResult, recordOpen, recordTraining, trainingResult } from "../support/job-records.ts";
import { batchRequest, recordBatch } from "../support/batches.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";
import { BACKTEST, inputOf, outcomeOf, TRAINING } from "../support/job-inputs.ts";

const FAST = EXAMPLE_STRATEGY.replace("period: 5", "period: 3");

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
  for (const model of ["train-a-1", "train-a-2", "train-b-1"]) await recordTraining(stack.writer, model, {});
  await backtested("backtest-a-1", "train-a-1", EXAMPLE_STRATEGY, { sharpe: 0.4 });
  await backtested("backtest-a-2", "train-a-2", EXAMPLE_STRATEGY, { sharpe: 0.6 });
  await backtested("backtest-b-1", "train-b-1", FAST, { sharpe: 0.1 });
});
afterAll(() => stack.stop());

async function backtested(
  jobId: string,
  trainingJobId: string,
  text: string,
  more: Partial<BacktestResult>,
  request = {},
) {
  await stack.writer.admit(inputOf(jobId, { ...BACKTEST, trainingJobId, ...request }), text);
  await stack.writer.finish(jobId, outcomeOf(jobId, "completed"), backtestResult({ ...more, ...request }), null);
}

const compared = async (task_ids: string[], more = {}) => await stack.ask("compare_results", { task_ids, ...more });

describe("compare_results", () => {
  test("groups draws, names what differs, and does not call chance a difference", async () => {
    const answer = await compared(["backtest-b-1", "backtest-a-1", "backtest-a-2"]);
    expect(answer).toMatchObject({
      headline: "Best sharpe: probe with 0.5, by no difference that is known to be more than chance.",
      figure: "sharpe",
      engine: "sandbox-1.0.0 (a small stand-in for KTRDR: practice figures)",
      groups: [
        {
          strategy: "probe",
          task_ids: ["backtest-a-1", "backtest-a-2"],
          median: 0.5,
          min: 0.4,
          max: 0.6,
          draws: 2,
          trades: 42,
          excess_sharpe: -0.26,
          against_best: "is the best",
        },
        {
          task_ids: ["backtest-b-1"],
          median: 0.1,
          against_best: expect.stringMatching(/^within chance: worse by 0\.4, standard error 0\.6/),
          differs_from_best: ["indicators.dip.period: 5 -> 3"],
        },
      ],
    });
    expect((answer["runs"] as unknown[])[0]).toEqual({
      task_id: "backtest-b-1",
      strategy: "probe",
      model: "train-b-1",
      sharpe: 0.1,
      annual_return: 0.0018548,
      max_drawdown: 0.06073,
      trades: 42,
    });
    expect(answer["caveats"]).toEqual([
      expect.stringContaining("one or two runs"),
      expect.stringContaining("days that none of them saw"),
    ]);
  });

  test("is drawn when asked: a picture beside the same facts", async () => {
    const args = { task_ids: ["backtest-b-1", "backtest-a-1", "backtest-a-2"] };
    const plain = await stack.call("compare_results", args);
    const drawn = await stack.call("compare_results", { ...args, chart: true });
    expect(drawn.structuredContent).toEqual(plain.structuredContent);
    expect(drawn.content).toEqual([
      ...plain.content,
      { type: "image", mimeType: "image/png", data: expect.any(String) },
    ]);
    const curve = await stack.call("get_results", { task_id: "train-a-1", detail: "brief", chart: true });
    expect(curve.content).toHaveLength(2);
  });

  test("is short, and longer when asked", async () => {
    const ids = ["backtest-a-1", "backtest-b-1"];
    const [brief, standard] = [await compared(ids), await compared(ids, { detail: "standard" })];
    expect(JSON.stringify(brief).length / 4).toBeLessThan(400);
    expect((standard["runs"] as object[])[0]).toHaveProperty("profit_factor");
  });

  test("does not rank runs on other dates, and says when one proves nothing", async () => {
    await backtested("backtest-c-1", "train-a-1", EXAMPLE_STRATEGY, { sharpe: 3 }, { startDate: "2010-01-04" });
    const { caveats, groups, headline } = await compared(["backtest-c-1", "backtest-a-1"]);
    expect(headline).toMatch(/^Nothing is ranked: .* \(2 places\)/);
    expect(caveats).toEqual(
      expect.arrayContaining([
        expect.stringContaining("IN-SAMPLE, prove nothing: backtest-c-1"),
        expect.stringContaining("on 2 different markets or dates"),
      ]),
    );
    expect(groups).toMatchObject([
      { on: "SPX 1d, 2010-01-04 to 2019-12-31", against_best: "not ranked: alone there" },
      { on: "SPX 1d, 2015-01-02 to 2019-12-31", against_best: "not ranked: alone there" },
    ]);
    const three = await compared(["backtest-c-1", "backtest-a-1", "backtest-b-1"]);
    expect(three["headline"]).toMatch(/^On SPX 1d, 2015-01-02 to 2019-12-31: Best sharpe: probe with 0\.4/);
  });

  test.each<[string, Partial<BacktestResult>, Partial<BacktestRequest>, RegExp]>([
    ["another market", { symbol: "SYNTREND" }, { symbol: "SYNTREND" }, /^SYNTREND 1d/],
    ["other days", { endDate: "2017-12-29" }, { endDate: "2017-12-29" }, /2015-01-02 to 2017-12-29/],
    ["other costs", { commission: 0 }, { commission: 0 }, /, commission 0, slippage 0\.0005$/],
    ["another slippage", { slippage: 0.01 }, { slippage: 0.01 }, /slippage 0\.01$/],
    ["another capital", { initialCapital: 5_000 }, { initialCapital: 5_000 }, /, capital 5000$/],
    ["another engine", { engine: { name: "ktrdr", version: "1.0.7.2" } }, {}, /, ktrdr 1\.0\.7\.2$/],
  ])("never ranks runs on or with %s", async (name, result, request, place) => {
    const id = `backtest-${name.replaceAll(" ", "-")}-1`;
    await backtested(id, "train-a-1", EXAMPLE_STRATEGY, { sharpe: 3, ...result }, request);
    const { groups, headline, caveats } = await compared([id, "backtest-a-1", "backtest-b-1"]);
    expect(headline).toMatch(/^On SPX 1d, 2015-01-02 to 2019-12-31.*Best sharpe: probe with 0\.4/);
    expect(groups).toMatchObject([
      { on: expect.stringMatching(place), against_best: "not ranked: alone there" },
      { against_best: "is the best" },
      {},
    ]);
    expect(String(caveats)).toContain("Not ranked against each other");
  });

  test("says which runs lack the figure", async () => {
    await backtested("backtest-empty-1", "train-a-1", EXAMPLE_STRATEGY, { sharpe: null, trades: 0 });
    const { caveats } = await compared(["backtest-empty-1", "backtest-a-1"]);
    expect(caveats).toContain("Without sharpe, and in no group: backtest-empty-1.");
  });

  test("says what differs in words, and never by a hash", async () => {
    const other = { ...TRAINING, strategySha256: "f".repeat(64) };
    await stack.writer.admit(inputOf("train-renamed-1", other), EXAMPLE_STRATEGY);
    await stack.writer.finish("train-renamed-1", outcomeOf("train-renamed-1", "completed"), trainingResult(), null);
    const renamed = EXAMPLE_STRATEGY.replace("name:", "# the same\nname:");
    await backtested("backtest-e-1", "train-renamed-1", renamed, { sharpe: 0.3 });
    const same = (await compared(["backtest-e-1", "backtest-a-1"]))["groups"] as Record<string, unknown>[];
    expect(same[1]?.["differs_from_best"]).toEqual(["only names, comments or layout of the strategy"]);
    expect(JSON.stringify(same)).not.toMatch(/[0-9a-f]{16}/);
  });

  test("takes a batch for its runs, finished ones only, and says that there will be more", async () => {
    await stack.writer.admit(inputOf("backtest-open-1", BACKTEST), EXAMPLE_STRATEGY);
    const ids = ["backtest-a-1", "backtest-a-2", "backtest-b-1", "backtest-open-1"];
    await recordBatch(
      stack,
      "batch-n-1",
      batchRequest(2, { work: "both", draws: 2 }),
      ids.map((backtest) => ({ backtest })),
    );
    const answer = await compared(["batch-n-1"]);
    expect(answer).toMatchObject({
      groups: [{ draws: 2 }, { draws: 1 }],
      caveats: expect.arrayContaining(["Not over yet, there will be more runs: batch-n-1."]),
    });
    expect((answer["runs"] as { task_id: string }[]).map(({ task_id }) => task_id)).toEqual([
      "backtest-a-1",
      "backtest-a-2",
      "backtest-b-1",
    ]);
    await recordBatch(stack, "batch-n-2", batchRequest(2, { work: "both", draws: 9 }), []);
    expect(await stack.refused("compare_results", { task_ids: ["batch-n-2"] })).toMatch(
      /No backtest of batch-n-2 has finished yet.*get_task_status with task_id batch-n-2/s,
    );
  });

  test("compares trainings, those of a batch one by one", async () => {
    const drawn = ["train-drawn-1", "train-drawn-2"];
    for (const [at, id] of drawn.entries()) {
      await stack.writer.admit(inputOf(id, { ...TRAINING, draw: at + 1 }), EXAMPLE_STRATEGY);
      await stack.writer.finish(
        id,
        outcomeOf(id, "completed"),
        trainingResult({ testAccuracy: 0.51 + at / 100 }),
        null,
      );
    }
    await recordBatch(
      stack,
      "batch-s-1",
      batchRequest(1, { draws: 2 }),
      drawn.map((training) => ({ training })),
    );
    const answer = await compared(["batch-s-1", "train-a-1"]);
    expect(answer).toMatchObject({ figure: "test_accuracy" });
    expect((answer["runs"] as { task_id: string }[]).map(({ task_id }) => task_id)).toEqual([...drawn, "train-a-1"]);
  });

  test.each<[string, string[], object, RegExp]>([
    ["different kinds", ["train-a-1", "backtest-a-1"], {}, /are training and backtest|are backtest and training/],
    ["a job that is open", ["train-open-1", "train-a-1"], {}, /has no result: it is open/],
    ["a job that is unknown", ["train-none-1", "train-a-1"], {}, /no job train-none-1/],
    [
      "a figure of the other kind",
      ["train-a-1", "train-a-2"],
      { figure: "sharpe" },
      /None of these runs has sharpe.*final_val_loss/,
    ],
    ["one alone", ["train-a-1"], {}, /One run alone.*a batch with several/s],
  ])("refuses %s", async (_name, task_ids, more, why) => {
    await recordOpen(stack.writer, "train-open-1");
    expect(await stack.refused("compare_results", { task_ids, ...more })).toMatch(why);
  });
});
