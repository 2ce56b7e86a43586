import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LOOKS_AHEAD } from "../../src/domain/insistence.ts";
import type { BacktestResult } from "../../src/domain/kinds/backtest.ts";
import { recordBacktest, recordEnd, recordOpen, recordTraining } from "../support/job-records.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
  await recordTraining(stack.writer, "train-cited-1", { caveats: [] });
});
afterAll(() => stack.stop());

type Row = Record<string, unknown>;

const backtest = (jobId: string, more: Partial<BacktestResult>, model: string | null = "train-cited-1") =>
  recordBacktest(stack.writer, jobId, model, more);
const saved = async (task_ids: readonly string[], category = "success") =>
  await stack.ask("save_insight", { insight: `Ready for money: ${task_ids.join()}.`, category, task_ids });

describe("an insight carries what is known against the runs it cites", () => {
  test.each<[string, () => Promise<void>, RegExp]>([
    [
      "looks-ahead",
      () => backtest("looks-ahead", { sharpe: 3, caveats: [{ code: LOOKS_AHEAD, text: "" }] }),
      /^looks-ahead proves nothing: the strategy saw the future\.$/,
    ],
    [
      "in-sample",
      () => backtest("in-sample", { sharpe: 3, startDate: "2013-01-02" }),
      /^in-sample proves nothing: the model was trained on these days \(in-sample\)\.$/,
    ],
    [
      "bad-bars",
      () => backtest("bad-bars", { sharpe: 3, caveats: [{ code: "bad_bars", text: "" }] }),
      /^bad-bars proves nothing: the bars are bad\.$/,
    ],
    ["no-trade", () => backtest("no-trade", { trades: 0 }), /^no-trade made 0 trades: below 30 nothing can be told\.$/],
    [
      "lucky",
      () => backtest("lucky", { sharpe: 0.4 }),
      /^lucky shows nothing beyond luck: among \d+ backtests tried on SPX, luck reaches its Sharpe of 0\.40 in \d\d %\.$/,
    ],
    [
      "nobodys-model",
      () => backtest("nobodys-model", { sharpe: 3 }, null),
      /^nobodys-model may be in-sample: the days its model was trained on are not on record\.$/,
    ],
    [
      "failed",
      () => recordEnd(stack.writer, "failed", { status: "failed" }),
      /^failed ended as failed: it has no figures\.$/,
    ],
    ["open", () => recordOpen(stack.writer, "open"), /^open has not ended: it has no figures yet\.$/],
    ["training", () => recordTraining(stack.writer, "training"), /^training \(training\) has caveats: overfit\.$/],
  ])("%s", async (jobId, record, caveat) => {
    await record();
    const answer = await saved([jobId]);
    expect(answer["caveats"]).toEqual([expect.stringMatching(caveat)]);
    const { insights } = await stack.ask("search_insights", { insight_id: answer["insight_id"] });
    expect((insights as Row[])[0]?.["caveats"]).toEqual(answer["caveats"]);
  });

  test("a sound run with a figure beyond luck has none", async () => {
    await backtest("sound", { sharpe: 4 });
    expect(await saved(["sound"])).not.toHaveProperty("caveats");
  });

  test("a success that cites no run is told so, now and in every search", async () => {
    const answer = await saved([]);
    expect(answer["caveats"]).toEqual(["It cites no run: nothing on record supports it."]);
    const { insights } = await stack.ask("search_insights", { insight_id: answer["insight_id"] });
    expect((insights as Row[])[0]?.["caveats"]).toEqual(answer["caveats"]);
    expect(await saved([], "hypothesis")).not.toHaveProperty("caveats");
  });

  test("many are counted, not listed", async () => {
    const five = Array.from({ length: 5 }, (_, at) => `many-${at}`);
    for (const jobId of five) await backtest(jobId, { trades: 3 });
    expect((await saved(five))["caveats"]).toEqual([
      expect.stringMatching(/^many-0 /),
      expect.stringMatching(/^many-1 /),
      expect.stringMatching(/^many-2 /),
      "and 2 more of its runs have caveats",
    ]);
  });
});
