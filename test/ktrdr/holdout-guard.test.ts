import { describe, expect, test } from "vitest";
import { createCachedReads } from "../../src/ktrdr/cached-reads.ts";
import { guardReads } from "../../src/ktrdr/guarded-reads.ts";
import { HOLDOUT_PASS } from "../../src/ktrdr/holdout-guard.ts";
import type { Ktrdr } from "../../src/ktrdr/ktrdr.ts";
import { answering, clientOf, failure, reply, serve } from "./support.ts";

const backtest = {
  strategyName: "a",
  symbol: "SPX.HOLDOUT",
  timeframe: "1d",
  startDate: "2019-01-01",
  endDate: "2019-12-31",
  initialCapital: 1,
  commission: 0,
  slippage: 0,
  modelPath: "models/a/1d_v1",
};
const training = {
  strategyName: "a",
  operationId: "op",
  symbols: ["SPX", "spx.holdout"],
  timeframes: ["1d"],
  startDate: "2019-01-01",
  endDate: "2019-12-31",
};

describe("the client to KTRDR sends no request that names a holdout", () => {
  test.each<[string, (ktrdr: Ktrdr) => Promise<unknown>]>([
    ["bars", ({ data }) => data.bars("SPX.HOLDOUT", "1d", {})],
    ["bars, in lower case", ({ data }) => data.bars("spx.holdout", "1d", { limit: 1 })],
    ["bars, in wide letters", ({ data }) => data.bars("ＳＰＸ．ＨＯＬＤＯＵＴ", "1d", {})],
    ["its range", ({ data }) => data.range("SPX.HOLDOUT", "1d")],
    ["a download", ({ data }) => data.download({ symbol: " SPX.Holdout", timeframe: "1d", mode: "tail" })],
    [
      "indicators",
      ({ indicators }) => indicators.calculate({ symbol: "SPX.HOLDOUT", timeframe: "1d", indicators: [] }),
    ],
    ["a training", ({ trainings }) => trainings.start(training)],
    ["a backtest", ({ backtests }) => backtests.start(backtest)],
    ["a backtest with another pass", ({ backtests }) => backtests.start(backtest, { holdoutPass: Symbol("mine") })],
  ])("%s", async (_what, ask) => {
    const server = await answering(200, {});
    expect(await failure(ask(clientOf(server)))).toMatchObject({ code: "holdout_locked" });
    expect(server.seen).toEqual([]);
  });

  test("but the one that carries the pass", async () => {
    const server = await answering(200, { operation_id: "op_1" });
    const started = await clientOf(server).backtests.start(backtest, { holdoutPass: HOLDOUT_PASS });
    expect(started.operationId).toBe("op_1");
    expect(server.seen).toMatchObject([{ body: { symbol: "SPX.HOLDOUT" } }]);
  });

  test("a text that speaks of one is no request for it", async () => {
    const server = await answering(200, { data: { remote_cancelled: true } });
    await clientOf(server).operations.cancel("op_1", "looked at SPX.HOLDOUT");
    expect(server.seen).toHaveLength(1);
  });
});

const symbols = {
  data: ["SPX", "SPX.HOLDOUT", "spx.holdout"].map((symbol) => ({ symbol, available_timeframes: ["1d"] })),
};
const CUT = { symbol: "SPX", timeframe: "1d", startDate: "2019-01-01" };
const bars = (dates: readonly string[]) => ({ data: { dates, ohlcv: dates.map(() => [1, 2, 1, 2, 5]) } });

/** A KTRDR whose open file still has bars of kept days, as for a moment after a data load. */
async function guarded() {
  const server = await serve(({ path }, response) => {
    if (path.endsWith("/symbols")) return reply(response, 200, symbols);
    if (path.endsWith("/range")) {
      return reply(response, 200, { data: { start_date: "2018-12-28", end_date: "2019-01-03", point_count: 4 } });
    }
    const all = ["2018-12-28", "2018-12-31", "2019-01-02", "2019-01-03"];
    const last = new URL(path, "http://x").searchParams.get("end_date") ?? "9999";
    return reply(response, 200, bars(all.filter((day) => day <= last.slice(0, 10)).map((day) => `${day}T00:00:00`)));
  });
  return { server, reads: guardReads(createCachedReads(clientOf(server)), async () => [CUT]) };
}

describe("reads show nothing of the kept days, also while the open file has them", () => {
  test("lists name no holdout", async () => {
    expect(await (await guarded()).reads.symbols()).toEqual([{ symbol: "SPX", timeframes: ["1d"] }]);
  });

  test("a range ends before the cut", async () => {
    expect(await (await guarded()).reads.range("SPX", "1d")).toMatchObject({
      endDate: expect.stringMatching(/^2018-12-31/),
      points: 2,
    });
  });

  test.each([[{}], [{ limit: 3 }], [{ endDate: "2019-12-31" }], [{ startDate: "2018-12-01", endDate: "2019-01-02" }]])(
    "bars of %j",
    async (window) => {
      const { times } = await (await guarded()).reads.bars("SPX", "1d", window);
      expect(times.at(-1)).toMatch(/^2018-12-31/);
    },
  );

  test("a window after the cut is refused, and says where the bars end", async () => {
    const { reads, server } = await guarded();
    const error = await failure(reads.bars("spx", "1d", { startDate: "2019-01-01" }));
    expect(error.what).toBe("SPX 1d ends on 2018-12-31: what comes after is kept as the holdout.");
    expect(server.seen).toEqual([]);
  });

  test("other markets are read as they are", async () => {
    expect(await (await guarded()).reads.range("ABC", "1d")).toMatchObject({ points: 4 });
  });

  test("the holdout itself is refused", async () => {
    const { reads, server } = await guarded();
    const indicators = { symbol: "SPX.HOLDOUT", timeframe: "1d", indicators: [] };
    for (const ask of [
      reads.range("SPX.HOLDOUT", "1d"),
      reads.bars("spx.holdout", "1d", {}),
      reads.health("SPX.HOLDOUT", "1d", {}),
      reads.calculate(indicators),
    ]) {
      expect(await failure(ask)).toMatchObject({ code: "holdout_locked" });
    }
    expect(server.seen).toEqual([]);
  });
});
