import { describe, expect, test } from "vitest";
import type { Ktrdr } from "../../src/ktrdr/ktrdr.ts";
import { clientOf, failure, recorded, replaying } from "./support.ts";

const training = {
  strategyName: "spx_rsi_reversion",
  operationId: "rec-04-rsi",
  symbols: ["SPX"],
  timeframes: ["1d"],
  startDate: "2000-01-03",
  endDate: "2014-12-31",
};
const backtest = {
  strategyName: "spx_macd_adx_trend",
  symbol: "SPX",
  timeframe: "1d",
  startDate: "2015-01-02",
  endDate: "2015-12-31",
  initialCapital: 100_000,
  commission: 0.001,
  slippage: 0.0005,
  modelPath: "models/spx_macd_adx_trend/1d_v1",
};
const calculation = { symbol: "SPX", timeframe: "1d", indicators: [{ id: "rsi", parameters: { period: 10 } }] };
const download = { symbol: "SPX", timeframe: "1d", mode: "tail" } as const;

async function against<T>(name: string, work: (ktrdr: Ktrdr) => Promise<T>): Promise<T> {
  return work(clientOf(await replaying(name)));
}

describe("recorded answers become domain values", () => {
  test("health names the engine", async () => {
    expect(await against("health", (ktrdr) => ktrdr.health())).toEqual({
      version: "0.0.0.dev",
      engine: { name: "ktrdr", version: "0.0.0.dev" },
    });
  });

  test("market data: symbols, range, bars", async () => {
    expect(await against("symbols", (ktrdr) => ktrdr.data.symbols())).toEqual([
      { symbol: "EURUSD", timeframes: ["1h"] },
      { symbol: "SPX", timeframes: ["1d"] },
    ]);
    expect(await against("range", (ktrdr) => ktrdr.data.range("SPX", "1d"))).toEqual({
      startDate: "2000-01-03T00:00:00Z",
      endDate: "2020-04-17T00:00:00Z",
      points: 5105,
    });
    const bars = await against("bars", (ktrdr) => ktrdr.data.bars("SPX", "1d", {}));
    expect(bars.times).toHaveLength(5);
    expect(bars.times[0]).toBe("2020-03-02T00:00:00Z");
    expect(bars.ohlcv[0]).toEqual([2974.28, 3090.96, 2945.1899, 3090.23, 6376400000]);
    expect((await against("bars-none", (ktrdr) => ktrdr.data.bars("NOPE", "1d", {}))).times).toEqual([]);
  });

  test("indicator values with their dates", async () => {
    const series = await against("calculate", (ktrdr) => ktrdr.indicators.calculate(calculation));
    expect(series.times[0]).toBe("2019-01-02T00:00:00Z");
    expect(Object.keys(series.values)).toEqual(["rsi_10"]);
    expect(series.values["rsi_10"]).toHaveLength(series.times.length);
  });

  test("a pending, a running, a finished and a falsely failed operation", async () => {
    expect(await against("operation-pending", (ktrdr) => ktrdr.operations.get("rec-04-rsi"))).toMatchObject({
      status: "pending",
      startDate: null,
      workerId: "train-1",
      epochs: [],
      result: null,
    });
    const running = await against("operation-running", (ktrdr) => ktrdr.operations.get("rec-19-growth"));
    expect(running).toMatchObject({
      status: "running",
      step: "Epoch 70/300 · Batch 20/83",
      startDate: "2000-01-03T00:00:00Z",
    });
    expect(running.epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3]);
    const done = await against("operation-completed", (ktrdr) => ktrdr.operations.get("rec-04-rsi"));
    expect(done).toMatchObject({ status: "completed", percent: 100, errorMessage: null });
    expect(done.result?.["model_path"]).toBe("models/spx_rsi_reversion/1d_v1");
    const flipped = await against("operation-false-failure", (ktrdr) => ktrdr.operations.get("rec-10-left-alone"));
    expect(flipped).toMatchObject({
      status: "failed",
      errorMessage: "Operation was RUNNING but no worker claimed it",
      result: { model_path: "models/spx_rsi_reversion/1d_v1" },
    });
  });

  test("list, results, resumption, checkpoints", async () => {
    const list = await against("operations", (ktrdr) => ktrdr.operations.list({}));
    expect(list.length).toBeGreaterThan(1);
    const results = await against("results", (ktrdr) => ktrdr.operations.results("rec-04-rsi"));
    expect(results).toMatchObject({ model_path: "models/spx_rsi_reversion/1d_v1" });
    expect(await against("resumed", (ktrdr) => ktrdr.operations.resume("rec-12-crash"))).toBe(10);
    expect(await against("checkpoint", (ktrdr) => ktrdr.checkpoints.get("rec-07-cancel"))).toMatchObject({
      type: "cancellation",
      reached: { epoch: 11 },
    });
  });

  test("workers: the registry, and a worker asked directly", async () => {
    const [first] = await against("workers", (ktrdr) => ktrdr.workers.list());
    expect(first).toEqual({
      workerId: "bt-1",
      workerType: "backtesting",
      endpointUrl: "http://127.0.0.1:18020",
      status: "available",
      currentOperationId: null,
      healthCheckFailures: 0,
    });

    const direct = async (name: string) =>
      clientOf({ url: "http://127.0.0.1:1" }).workers.at((await replaying(name)).url);
    expect((await (await direct("worker-operation")).operation("rec-05b-dup")).status).toBe("running");
    expect(await (await direct("worker-cancelled")).cancel("rec-05b-dup", "why")).toBeUndefined();
    expect(await (await direct("worker-cancel-nothing")).cancel("rec-14-cancel", "why")).toBeUndefined();
    expect((await (await direct("operations")).operations()).length).toBeGreaterThan(1);
  });

  test("starts answer the operation id and send KTRDR's field names", async () => {
    const server = await replaying("training-started");
    expect(await clientOf(server).trainings.start(training)).toEqual({ operationId: "rec-04-rsi" });
    expect(server.seen).toEqual([
      {
        method: "POST",
        path: "/api/v1/trainings/start",
        body: {
          ...(recorded("training-started").request.body as object),
          symbols: ["SPX"],
          timeframes: ["1d"],
          // The whole last day is meant. A bare date would be its first instant.
          end_date: "2014-12-31T23:59:59",
        },
      },
    ]);
    const other = await replaying("backtest-started");
    expect(await clientOf(other).backtests.start(backtest)).toEqual({
      operationId: (recorded("backtest-started").response.body as { operation_id: string }).operation_id,
    });
    const { end_date: lastDay, ...asked } = recorded("backtest-started").request.body as { end_date: string };
    expect(other.seen[0]?.body).toEqual({ ...asked, end_date: `${lastDay}T23:59:59` });
    const loading = await against("download-started", (ktrdr) => ktrdr.data.download(download));
    expect(loading.operationId).toMatch(/^op_data_load_/);
  });

  test("a cancellation says whether the worker was told", async () => {
    const server = await replaying("cancelled");
    expect(await clientOf(server).operations.cancel("rec-07-cancel", "user changed their mind")).toEqual({
      remoteCancelled: true,
    });
    expect(server.seen[0]?.body).toEqual({ reason: "user changed their mind" });
  });
});

describe("recorded refusals become domain errors", () => {
  const cases: readonly [string, string, (ktrdr: Ktrdr) => Promise<unknown>][] = [
    ["operation-unknown", "ktrdr_not_found", (ktrdr) => ktrdr.operations.get("rec-04-rsi")],
    ["cancel-unknown", "ktrdr_not_found", (ktrdr) => ktrdr.operations.cancel("rec-07-unknown", "")],
    ["resume-no-checkpoint", "ktrdr_not_found", (ktrdr) => ktrdr.operations.resume("rec-10c-resume")],
    ["unknown-route", "ktrdr_bad_answer", (ktrdr) => ktrdr.operations.get("x")],
    ["no-method", "ktrdr_rejected", (ktrdr) => ktrdr.health()],
    ["range-missing", "data_not_found", (ktrdr) => ktrdr.data.range("NOPE", "1d")],
    ["range-invalid", "ktrdr_rejected", (ktrdr) => ktrdr.data.range("SPX", "")],
    ["range-empty-symbol", "ktrdr_rejected", (ktrdr) => ktrdr.data.range("", "1d")],
    ["bars-bad-date", "ktrdr_rejected", (ktrdr) => ktrdr.data.bars("SPX", "1d", { startDate: "notadate" })],
    ["calculate-no-data", "data_not_found", (ktrdr) => ktrdr.indicators.calculate(calculation)],
    ["calculate-unknown", "ktrdr_rejected", (ktrdr) => ktrdr.indicators.calculate(calculation)],
    ["calculate-bad-parameter", "ktrdr_rejected", (ktrdr) => ktrdr.indicators.calculate(calculation)],
    ["calculate-crash", "ktrdr_rejected", (ktrdr) => ktrdr.indicators.calculate(calculation)],
    ["results-running", "task_not_finished", (ktrdr) => ktrdr.operations.results("rec-04-rsi")],
    ["results-cancelled", "ktrdr_rejected", (ktrdr) => ktrdr.operations.results("rec-07-cancel")],
    ["no-worker", "ktrdr_no_worker", (ktrdr) => ktrdr.trainings.start(training)],
    ["backtest-no-worker", "ktrdr_no_worker", (ktrdr) => ktrdr.backtests.start(backtest)],
    ["resume-no-worker", "ktrdr_no_worker", (ktrdr) => ktrdr.operations.resume("rec-12-crash")],
    ["resume-conflict", "ktrdr_rejected", (ktrdr) => ktrdr.operations.resume("rec-13-resume")],
    ["training-no-strategy", "ktrdr_rejected", (ktrdr) => ktrdr.trainings.start(training)],
    ["training-invalid", "ktrdr_rejected", (ktrdr) => ktrdr.trainings.start(training)],
    ["training-bad-date", "ktrdr_rejected", (ktrdr) => ktrdr.trainings.start(training)],
    ["training-no-name", "ktrdr_rejected", (ktrdr) => ktrdr.trainings.start(training)],
    ["database-down", "ktrdr_unavailable", (ktrdr) => ktrdr.operations.get("rec-16-unknown")],
    ["database-down-checkpoints", "ktrdr_unavailable", (ktrdr) => ktrdr.checkpoints.get("x")],
    ["download-bad-mode", "ktrdr_rejected", (ktrdr) => ktrdr.data.download(download)],
    ["download-local", "ktrdr_start_ambiguous", (ktrdr) => ktrdr.data.download(download)],
    ["list-bad-status", "ktrdr_rejected", (ktrdr) => ktrdr.operations.list({})],
  ];

  test.each(cases)("%s is %s", async (name, code, work) => {
    const error = await failure(against(name, work));
    expect(error.code).toBe(code);
    expect(error.what).not.toContain("\n");
    expect(error.why?.length ?? 0).toBeLessThanOrEqual(300);
    expect(error.why).not.toMatch(/\p{Cc}/u);
  });

  test("KTRDR's own words come along: code, message and field", async () => {
    expect((await failure(against("range-invalid", (ktrdr) => ktrdr.data.range("SPX", "")))).why).toBe(
      "KTRDR answered 422 VALIDATION_ERROR: Request validation failed: body -> timeframe: Field required",
    );
    expect((await failure(against("training-invalid", (ktrdr) => ktrdr.trainings.start(training)))).why).toContain(
      "400 STRATEGY-V3ValidationFailed: V3 strategy validation failed",
    );
    expect((await failure(against("database-down", (ktrdr) => ktrdr.operations.get("x")))).why).toContain(
      "Connect call failed",
    );
  });

  test.each([
    ["cancel-finished", "completed"],
    ["cancel-cancelled", "cancelled"],
  ])("%s is recognised as too late", async (name, status) => {
    const error = await failure(against(name, (ktrdr) => ktrdr.operations.cancel("rec-05b-dup", "clear")));
    expect(error).toMatchObject({ code: "ktrdr_rejected", why: `KTRDR shows it as ${status}.` });
  });

  test("an unknown operation is not too late to cancel", async () => {
    const error = await failure(against("cancel-unknown", (ktrdr) => ktrdr.operations.cancel("rec-07-unknown", "")));
    expect(error.code).toBe("ktrdr_not_found");
  });
});
