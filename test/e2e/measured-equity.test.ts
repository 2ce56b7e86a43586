/** A backtest that is measured by its prefixes: through a real MCP client on a real lab, beside the engine itself. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runBacktest } from "../../sandbox/engine/backtest.ts";
import { readBars } from "../../sandbox/engine/price-file.ts";
import type { MeasurementResult } from "../../src/domain/kinds/measurement.ts";
import { ROOT } from "../../src/root.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { createResultReader } from "../../src/store/result-reader.ts";
import { withPool } from "../backup/support.ts";
import { textOf } from "../support/mcp.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { QUICK } from "../support/lab.ts";
import { Research, type Answer } from "../support/research.ts";

const TRAIN = { start_date: "2000-01-03", end_date: "2009-12-31" };
const TEST = { start_date: "2010-01-04", end_date: "2013-12-31" };
const COSTS = { initialCapital: 100_000, commission: 0.001, slippage: 0.0005 };
const POINTS = 12;

let research: Research;
let model: string;
let run: string;
let measurement: string;

const url = () => research.lab.env["DATABASE_URL"] ?? "";
const recorded = async (jobId: string) =>
  await withPool(url(), async (pool) => await createResultReader(pool).get(jobId));
const counts = async () =>
  await withPool(url(), async (pool) => {
    const days = { startDate: TEST.start_date, endDate: TEST.end_date };
    return await createLedger(pool).trials("SPX", days);
  });
const verified = async () =>
  await execa(path.join(ROOT, "bin/ktrdr-mcp"), ["ledger", "verify"], { env: research.lab.env });
const measure = async (more: Record<string, unknown> = {}) =>
  await research.call("measure_equity", { task_id: run, points: POINTS, ...more });
const figuresOf = async (taskId: string): Promise<Record<string, unknown>> =>
  (await research.call("get_results", { task_id: taskId, detail: "full" }))["figures"] as Record<string, unknown>;
const partsOf = async (taskId: string) => {
  const { tasks } = await research.call("list_tasks", { kind: "backtest", limit: 50 });
  return (tasks as Answer[]).filter((task) => task["part_of"] === taskId);
};

beforeAll(async () => {
  research = await Research.begin("modern", QUICK);
  await research.writeStrategy("zones");
  const trained = await research.call("train_model", { strategy: "zones", ...TRAIN });
  await research.follow(trained.task_id, "completed");
  model = trained.task_id;
  const tested = await research.call("run_backtest", { model, ...TEST });
  await research.follow(tested.task_id, "completed");
  run = tested.task_id;
});
afterAll(async () => {
  await research?.end();
});

/** The returns of every bar, as the engine computes them, which KTRDR does not tell. */
async function engineReturns(): Promise<{ returns: number[]; days: string[]; equity: Float64Array }> {
  const backtest = await recorded(run);
  if (backtest?.kind !== "backtest") throw new Error(`${run} has no result`);
  const workDir = path.join(research.lab.dir, "ktrdr");
  const { equity, equityTimes } = await runBacktest({
    ...COSTS,
    read: (timeframe) => readBars(path.join(workDir, "data"), "SPX", timeframe),
    symbol: "SPX",
    timeframe: "1d",
    startDate: TEST.start_date,
    endDate: TEST.end_date,
    modelPath: backtest.modelPath,
    workDir,
  });
  const returns = [...equity].slice(1).map((value, at) => value / (equity[at] ?? Number.NaN) - 1);
  return { returns, days: [...equityTimes].map((time) => new Date(time).toISOString().slice(0, 10)), equity };
}

describe("a finished backtest", () => {
  it("is measured exactly, without a trial, and told with the proof that its model is the one on record", async () => {
    const before = await counts();
    const started = await measure();
    measurement = started.task_id;
    expect(started).toMatchObject({ kind: "measurement", existing: false, points: POINTS });
    const { answer } = await research.follow(measurement, "completed");
    expect(answer).toMatchObject({
      headline: expect.stringMatching(/^model and record agree; 12 points/),
      batch: { items: 12, done: 12 },
    });
    expect(answer["batch"]).not.toHaveProperty("leading");
    expect(await measure()).toMatchObject({ task_id: measurement, existing: true, state: "completed" });

    const result = (await recorded(measurement)) as MeasurementResult;
    const { returns, days, equity } = await engineReturns();
    expect(result.blocks.reduce((sum, { count }) => sum + count, 0)).toBe(returns.length);
    let from = 0;
    for (const { end, count, sum, squares, equity: measured } of result.blocks) {
      const block = returns.slice(from, from + count);
      from += count;
      expect(days[from]?.slice(0, 7)).toBe(end.slice(0, 7));
      expect(Math.abs(sum - block.reduce((all, value) => all + value, 0))).toBeLessThan(1e-12);
      expect(Math.abs(squares - block.reduce((all, value) => all + value ** 2, 0))).toBeLessThan(1e-12);
      expect(Math.abs(measured - (equity[from] ?? 0) / COSTS.initialCapital)).toBeLessThan(1e-12);
    }
    const figures = await figuresOf(measurement);
    expect(figures).toMatchObject({ model_and_record_agree: true, measures: run });
    expect(figures["years"]).toMatchObject([
      { year: "2010", part: expect.any(String) },
      { year: "2011" },
      { year: "2012" },
      { year: "2013" },
    ]);

    expect(await counts()).toEqual(before);
    expect((await verified()).exitCode).toBe(0);
    expect(await research.call("get_results", { task_id: run })).toMatchObject({ luck: { trials: before.count } });
  });

  it("is run again for fewer days as a trial of its own, although a prefix had these days", async () => {
    const { count } = await counts();
    const parts = await partsOf(measurement);
    const { tasks } = await research.call("list_tasks", { limit: 50 });
    expect((tasks as Answer[]).map(({ task_id }) => task_id).toSorted()).toEqual([measurement, model, run].toSorted());
    expect(parts).toHaveLength(POINTS);
    const end_date = ((await recorded(measurement)) as MeasurementResult).blocks[5]?.end;
    const shorter = await research.call("run_backtest", { model, start_date: TEST.start_date, end_date });
    expect(parts.map(({ task_id }) => task_id)).not.toContain(shorter.task_id);
    await research.follow(shorter.task_id, "completed");
    expect((await counts()).count).toBe(count + 1);
    expect(await research.call("get_results", { task_id: shorter.task_id })).toMatchObject({
      luck: { trials: count + 1 },
    });
  });

  it("is measured at more points with what was computed, and only the proof anew", async () => {
    const { length: computed } = (await research.computations("op_backtesting")).filter(
      ({ event }) => event === "start",
    );
    const again = await measure({ force_new_reason: "to see that little is computed" });
    await research.follow(again.task_id, "completed");
    const after = (await research.computations("op_backtesting")).filter(({ event }) => event === "start");
    expect(after.length).toBe(computed + 1);
    expect(await figuresOf(again.task_id)).toMatchObject({ model_and_record_agree: true });
  });

  it("whose measurement is cancelled stops computing", async () => {
    await research.hold();
    const held = await measure({ points: 20 });
    await expect.poll(async () => (await partsOf(held.task_id)).length).toBeGreaterThan(0);
    await research.call("cancel_task", { task_id: held.task_id, reason: "not worth it" });
    await research.follow(held.task_id, "cancelled");
    const ended = (await partsOf(held.task_id)).filter(({ status }) => status !== "completed");
    expect(ended.length).toBeGreaterThan(0);
    expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(["cancelled"]));
    await research.release();
    const lines = await research.computations("op_backtesting");
    for (const { operationId } of lines.filter(({ event }) => event === "start")) {
      expect(lines.some((line) => line.event === "end" && line.operationId === operationId)).toBe(true);
    }
    expect((await verified()).exitCode).toBe(0);
  });

  it("is remembered elsewhere with its measurement, and raises no count there", async () => {
    const file = path.join(research.lab.dir, "memory.jsonl");
    const other = await createTestDatabase();
    const strategies = path.join(research.lab.dir, "elsewhere");
    await mkdir(strategies);
    try {
      await execa(path.join(ROOT, "bin/ktrdr-mcp"), ["export-memory", file], { env: research.lab.env });
      const env = { DATABASE_URL: other.url, KTRDR_STRATEGIES_DIR: strategies, LAB_DIR: strategies };
      await execa(path.join(ROOT, "bin/ktrdr-mcp"), ["import-memory", file], { env });
      const here = await counts();
      await withPool(other.url, async (pool) => {
        expect(await createResultReader(pool).get(measurement)).toEqual(await recorded(measurement));
        const ledger = createLedger(pool);
        expect(await ledger.trials("SPX", { startDate: TEST.start_date, endDate: TEST.end_date })).toEqual(here);
        expect((await ledger.check([])).wrong).toEqual([]);
      });
    } finally {
      await other.drop();
    }
  });

  it("whose model folder changed since is not measured, and says so before all else", async () => {
    const backtest = await recorded(run);
    if (backtest?.kind !== "backtest") throw new Error(`${run} has no result`);
    const weights = path.join(research.lab.dir, "ktrdr", backtest.modelPath, "model.pt");
    const text = await readFile(weights, "utf8");
    await writeFile(weights, text.replaceAll(/-0\.(\d{3})/g, "-0.9$1"));
    const changed = await measure({ points: 3 });
    const { answer } = await research.follow(changed.task_id, "completed");
    expect(answer["headline"]).toMatch(/^NOT MEASURED, the model folder changed since/);
    const figures = await figuresOf(changed.task_id);
    expect(figures).toMatchObject({ model_and_record_agree: false, because: "the model folder changed since" });
    expect(figures).not.toHaveProperty("years");
    expect(figures).not.toHaveProperty("blocks");

    // When the folder is what it was, nothing that the other model computed is taken.
    await writeFile(weights, text);
    const mended = await measure({ points: 3, force_new_reason: "the folder is mended" });
    await research.follow(mended.task_id, "completed");
    const blocks = ((await recorded(mended.task_id)) as MeasurementResult).blocks;
    const { equity } = await engineReturns();
    let at = 0;
    for (const block of blocks) {
      at += block.count;
      expect(Math.abs(block.equity - (equity[at] ?? 0) / COSTS.initialCapital)).toBeLessThan(1e-12);
    }
  });

  it("is compared by measurements with the probability that the best is overfitted", async () => {
    const forced = { strategy: "zones", ...TRAIN, force_new_reason: "another draw of the same" };
    const drawn = await research.call("train_model", forced);
    await research.follow(drawn.task_id, "completed");
    const tested = await research.call("run_backtest", { model: drawn.task_id, ...TEST });
    await research.follow(tested.task_id, "completed");
    const second = await research.call("measure_equity", { task_id: tested.task_id, points: POINTS });
    await research.follow(second.task_id, "completed");
    const task_ids = [measurement, second.task_id];
    const compared = await research.client.call("compare_results", { task_ids, chart: true });
    expect(textOf(compared)).toContain("Probability of overfitting");
    expect(compared.structuredContent).toMatchObject({
      overfitting: { blocks: 12, splits: 924, pbo: expect.any(Number) },
      groups: [{ against_best: "is the best" }, { adjusted_p: expect.any(Number) }],
    });
  });
});
