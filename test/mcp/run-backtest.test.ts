import { hash } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { EXAMPLE_NAME, EXAMPLE_STRATEGY } from "../../src/domain/strategy/guide-example.ts";
import { batchRequest, recordBatch } from "../support/batches.ts";
import { recordEnd, recordOpen, recordTraining } from "../support/job-records.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

const WINDOW = { start_date: "2015-01-02", end_date: "2019-12-31" };

describe("run_backtest", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ temporal: true, ktrdr: true });
    const { writer, strategy } = stack;
    const own = { strategy, modelPath: `models/${strategy}/1d_v1` };
    await recordTraining(writer, "train-probe-1", own, EXAMPLE_STRATEGY);
    await recordTraining(writer, "train-probe-2", { strategy: "gone", modelPath: "models/gone/1d_v1" });
    await recordOpen(writer, "train-probe-open");
    await recordEnd(writer, "train-probe-failed", { status: "failed", headline: "NaN loss." });
  });
  afterAll(async () => {
    await stack.stop();
  });

  test("takes everything from the training, by task_id or by model path", async () => {
    const first = await stack.ask("run_backtest", { model: "train-probe-1", ...WINDOW });
    expect(first).toMatchObject({ kind: "backtest", existing: false, warnings: [] });
    const model = `models/${stack.strategy}/1d_v1`;
    expect(await stack.ask("run_backtest", { model, ...WINDOW })).toMatchObject({
      task_id: first["task_id"],
      existing: true,
    });
  });

  test("of a batch takes every model, as one batch", async () => {
    const { writer, strategy } = stack;
    const models = ["train-drawn-1", "train-drawn-2"];
    for (const id of models)
      await recordTraining(writer, id, { strategy, modelPath: `models/${strategy}/${id.at(-1)}` });
    const items = [...models, "train-probe-open"].map((training) => ({ training }));
    await recordBatch(stack, "batch-probe-1", batchRequest(3), items);
    await recordBatch(stack, "batch-empty-1", batchRequest(2), []);
    const all = await stack.ask("run_backtest", { model: "batch-probe-1", ...WINDOW, initial_capital: 50_000 });
    expect(all).toMatchObject({
      kind: "batch",
      items: 2,
      existing: false,
      task_id: expect.stringMatching(/^batch-/),
    });
    const again = await stack.ask("run_backtest", { model: "batch-probe-1", ...WINDOW, initial_capital: 50_000 });
    expect(again).toMatchObject({ task_id: all["task_id"], existing: true });
    // start_batch takes the models of a batch as well.
    const periods = [{ test: [WINDOW.start_date, WINDOW.end_date] }];
    const batch = await stack.ask("start_batch", { work: "backtest", models: ["batch-probe-1"], periods });
    expect(batch).toMatchObject({ items: 2 });
  });

  test("other costs are another job", async () => {
    const ids = new Set<unknown>();
    for (const costs of [{}, { commission: 0 }, { slippage: 0.01 }, { initial_capital: 50_000 }]) {
      ids.add((await stack.ask("run_backtest", { model: "train-probe-1", ...WINDOW, ...costs }))["task_id"]);
    }
    expect(ids.size).toBe(4);
  });

  test("a capital that buys nothing is told before anything is computed", async () => {
    const poor = { model: "train-probe-1", ...WINDOW, initial_capital: 5_000 };
    expect(await stack.refused("run_backtest", poor)).toMatch(
      /^\[invalid_input -32602\] The initial capital has an error.*SPX 1d: Nothing can be bought: one share costs at least 18\d\d\.\d\d, a position 1250\.00 at most.*initial_capital of 25\d{4}.*insist_reason/,
    );
    const insisted = await stack.ask("run_backtest", { ...poor, insist_reason: "to see the signals alone" });
    expect(insisted).toMatchObject({ existing: false });
    expect(String(insisted["warnings"])).toContain("capital_too_small");
    const tight = await stack.ask("run_backtest", { ...poor, initial_capital: 10_000 });
    expect(String(tight["warnings"])).toContain("At some prices nothing can be bought: a share costs up to 3");
    const periods = [{ test: [WINDOW.start_date, WINDOW.end_date] }];
    const batch = { work: "backtest", models: ["train-probe-1"], periods, initial_capital: 5_000 };
    expect(await stack.refused("start_batch", batch)).toContain("Nothing can be bought");
    expect(await stack.ask("start_batch", { ...batch, initial_capital: 260_000 })).toMatchObject({ items: 1 });
  });

  test("a window that overlaps the training is flagged loudly, for a known job too", async () => {
    const request = { model: "train-probe-1", start_date: "2014-06-02", end_date: "2016-06-01" };
    for (const existing of [false, true]) {
      const answer = await stack.ask("run_backtest", request);
      expect(answer).toMatchObject({ existing, warnings: [expect.stringMatching(/^IN-SAMPLE/)] });
    }
  });

  test("a window that is hardly longer than the warm-up is warned of", async () => {
    const answer = await stack.ask("run_backtest", {
      model: "train-probe-1",
      start_date: "2019-06-03",
      end_date: "2019-08-30",
    });
    expect(answer["warnings"]).toEqual([expect.stringContaining("warm-up")]);
  });

  describe("does not need the strategy's file, which KTRDR does not read", () => {
    const named = (name: string, from = EXAMPLE_STRATEGY) => from.replace(`name: ${EXAMPLE_NAME}`, `name: ${name}`);
    const trained = async (name: string, text: string | null) => {
      const jobId = `train-${name}-1`;
      await recordTraining(stack.writer, jobId, { strategy: name, modelPath: `models/${name}/1d_v1` }, text);
      return jobId;
    };
    const request = async (taskId: unknown) => {
      const { events } = await stack.temporal().client.workflow.getHandle(String(taskId)).fetchHistory();
      const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
      return (JSON.parse(Buffer.from(payload ?? "{}").toString()) as { request: Record<string, unknown> }).request;
    };
    const CHANGED = expect.stringMatching(/^The file of .* was changed after the training/);

    test.each<[string, string | null, unknown[]]>([
      ["deleted", null, []],
      ["the same", named("filed"), []],
      ["changed", named("filed").replace("epochs: ", "epochs: 1"), [CHANGED]],
      ["no strategy any more", "a: [", [CHANGED]],
    ])("%s", async (what, file, warnings) => {
      const name = `filed_${what.replaceAll(" ", "_")}`;
      const own = (text: string) => text.replace("name: filed", `name: ${name}`);
      if (file !== null) await stack.strategies.write(name, own(file), { overwrite: true });
      const text = own(named("filed"));
      const answer = await stack.ask("run_backtest", { model: await trained(name, text), ...WINDOW });
      expect(answer).toMatchObject({ kind: "backtest", existing: false, warnings });
      expect(await request(answer["task_id"])).toMatchObject({
        strategy: name,
        strategySha256: hash("sha256", Buffer.from(text)),
      });
    });

    test("but for its timeframes, when they are others now", async () => {
      const text = named("slower");
      const file = text.replace(
        /timeframes: .*/,
        'timeframes: {mode: multi_timeframe, list: ["1d", "1w"], base_timeframe: "1d"}',
      );
      await stack.strategies.write("slower", file, { overwrite: true });
      const answer = await stack.ask("run_backtest", { model: await trained("slower", text), ...WINDOW });
      expect(answer).toMatchObject({ warnings: [CHANGED, expect.stringContaining("1w beside the finest")] });
    });

    test("nor a text on record; other markets are said", async () => {
      const model = await trained("unrecorded", null);
      expect(await stack.ask("run_backtest", { model, ...WINDOW })).toMatchObject({ existing: false, warnings: [] });
      const other = await stack.ask("run_backtest", { model, ...WINDOW, strategy: "renamed" });
      expect(other["warnings"]).toEqual([expect.stringContaining("trained for unrecorded on SPX 1d, not for")]);
    });

    test("errors of its strategy are no errors of a model, but a look ahead is", async () => {
      const ignored = named("odd").replace("{type: rsi, period: 5}", "{type: rsi, period: 5, length: 3}");
      await stack.strategies.write("odd", ignored, { overwrite: true });
      const odd = await stack.ask("run_backtest", { model: await trained("odd", ignored), ...WINDOW });
      expect(odd).toMatchObject({ existing: false, warnings: [] });
      const ahead = named("seer").replace("{type: rsi, period: 5}", "{type: zigzag, threshold: 0.05}");
      const wish = { model: await trained("seer", ahead), ...WINDOW };
      // The model has the strategy of its training. What the file says now does not matter.
      await stack.strategies.write("seer", named("seer"), { overwrite: true });
      const periods = [{ test: [WINDOW.start_date, WINDOW.end_date] }];
      const batch = { work: "backtest", models: [wish.model], periods };
      for (const [tool, args] of [
        ["run_backtest", wish],
        ["start_batch", batch],
      ] as const) {
        expect(await stack.refused(tool, args)).toMatch(/models\/seer\/1d_v1 .*accept_look_ahead/s);
        const accepted = await stack.ask(tool, { ...args, accept_look_ahead: "to see how far off it is" });
        expect(accepted["warnings"]).toContainEqual(expect.stringMatching(/^LOOKS AHEAD/));
      }
    });

    test("nor a training of ours: its path and a symbol do", async () => {
      const model = "models/elsewhere/1d_v3";
      const answer = await stack.ask("run_backtest", { model, symbol: "SPX", ...WINDOW });
      expect(answer).toMatchObject({
        existing: false,
        warnings: [expect.stringContaining("No training of this model")],
      });
      const asked = await request(answer["task_id"]);
      expect(asked).toMatchObject({ strategy: "elsewhere", timeframe: "1d", trainingJobId: null });
      expect(asked).not.toHaveProperty("strategySha256");
      const periods = [{ test: [WINDOW.start_date, WINDOW.end_date] }];
      const batch = { work: "backtest", models: [model, "train-probe-2"], periods };
      expect(await stack.refused("start_batch", batch)).toContain("A symbol is needed for models/elsewhere/1d_v3");
      expect(await stack.ask("start_batch", { ...batch, symbols: ["SPX"] })).toMatchObject({
        items: 2,
        warnings: [expect.stringContaining("1 of the models no training is on record")],
      });
    });
  });

  describe("of a model that was trained elsewhere", () => {
    const keep = async (folder: string, files: Record<string, unknown>) => {
      const dir = join(stack.modelsDir, ...folder.split("/"));
      await mkdir(dir, { recursive: true });
      for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), JSON.stringify(content));
    };
    const strategy = parse(EXAMPLE_STRATEGY) as Record<string, unknown>;
    const run = (model: string, more = {}) => stack.ask("run_backtest", { model, ...WINDOW, ...more });

    test("takes the market from its folder, through a link too, and never from out of it", async () => {
      await keep("theirs/best", {
        "config.json": strategy,
        "metadata.json": { timeframe: "1d", symbol: "SPX" },
        "metadata_v3.json": { training_symbols: ["SPX"] },
      });
      await symlink("best", join(stack.modelsDir, "theirs", "best_latest"));
      for (const model of ["models/theirs/best", "models/theirs/best_latest"])
        expect(await run(model)).toMatchObject({ warnings: [expect.stringContaining("No training of this model")] });
      await symlink("../..", join(stack.modelsDir, "theirs", "out"));
      expect(await stack.refused("run_backtest", { model: "models/theirs/out", ...WINDOW })).toContain(
        "symbol is needed",
      );
    });

    test("sees a look ahead in its folder, and asks for a symbol when it had several", async () => {
      const indicators = { ...(strategy["indicators"] as object), dip: { type: "zigzag", threshold: 0.05 } };
      const several = {
        "config.json": { ...strategy, indicators },
        "metadata_v3.json": { training_symbols: ["A", "B"] },
      };
      await keep("theirs/1d_v2", several);
      const model = "models/theirs/1d_v2";
      expect(await stack.refused("run_backtest", { model, ...WINDOW })).toContain("A symbol is needed");
      const refused = await stack.refused("run_backtest", { model, ...WINDOW, symbol: "SPX" });
      expect(refused).toMatch(/repaints.*accept_look_ahead/s);
      const accepted = await run(model, { symbol: "SPX", accept_look_ahead: "to see how far off it is" });
      expect(accepted["warnings"]).toContainEqual(expect.stringMatching(/^LOOKS AHEAD/));
    });
  });

  test.each([
    [
      "another strategy for the models of a batch",
      { model: "batch-probe-1", strategy: "other" },
      "invalid_input",
      "stands for several models",
    ],
    ["a batch without a model yet", { model: "batch-empty-1" }, "task_not_finished", "No training of batch-empty-1"],
    ["an unfinished training", { model: "train-probe-open" }, "task_not_finished", "get_task_status"],
    ["a failed training", { model: "train-probe-failed" }, "model_not_found", "NaN loss"],
    ["an unknown model", { model: "train-nothing" }, "model_not_found", "Valid: train"],
    [
      "a foreign model path without a symbol",
      { model: "models/other/1d_v1" },
      "invalid_input",
      "A symbol is needed for models/other/1d_v1",
    ],
    [
      "a foreign model path that names no timeframe",
      { model: "models/other/best", symbol: "SPX" },
      "invalid_input",
      "A timeframe is needed",
    ],
    ["a path out of the folder", { model: "models/../../etc" }, "model_not_found", "list_models"],
    ["negative costs", { model: "train-probe-1", commission: -0.001 }, "invalid_input", "commission"],
    ["dates beyond the data", { model: "train-probe-1", end_date: "2034-01-02" }, "data_not_found", "end_date to"],
  ])("refuses %s", async (_what, more, code, told) => {
    const text = await stack.refused("run_backtest", { ...WINDOW, ...more });
    expect(text).toContain(`[${code} -32602]`);
    expect(text).toContain(told);
  });
});
