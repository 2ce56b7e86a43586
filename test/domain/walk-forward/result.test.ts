import { describe, expect, test } from "vitest";
import { boundsOf, itemsOf, partOf, sizeOf } from "../../../src/domain/batch.ts";
import type { WalkForwardRequest } from "../../../src/domain/kinds/walk-forward.ts";
import { headline } from "../../../src/domain/kinds/index.ts";
import { itemOf } from "../../../src/domain/walk-forward/items.ts";
import { walkedForward, type Walked } from "../../../src/domain/walk-forward/result.ts";
import { walkFacts } from "../../../src/domain/walk-forward/facts.ts";
import { backtestResult } from "../../support/job-records.ts";

const ENGINE = { name: "sandbox", version: "sandbox-1.0.0" } as const;
const year = (n: number) => ({ startDate: `${n}-01-02`, endDate: `${n}-12-31` });
const REQUEST: WalkForwardRequest = {
  kind: "walk_forward",
  strategy: "steady",
  strategySha256: "a".repeat(64),
  symbol: "SPX",
  timeframe: "1d",
  startDate: "2011-01-02",
  endDate: "2014-12-31",
  anchored: true,
  gap: 0,
  windows: [2011, 2012, 2013, 2014].map((n) => ({
    train: { startDate: "2000-01-03", endDate: `${n - 1}-12-31` },
    test: year(n),
    readFrom: `${n - 1}-10-20`,
  })),
  draws: 3,
  initialCapital: 100_000,
  commission: 0.001,
  slippage: 0.0005,
};

/** @param sharpe of the backtest of an item; null for one that failed */
const backtests = (sharpe: (of: ReturnType<typeof itemOf>) => number | null, trades = 20): Walked[] =>
  itemsOf(REQUEST).flatMap(({ n }) => {
    const value = sharpe(itemOf(REQUEST, n));
    if (value === null) return [];
    const result = backtestResult({
      sharpe: value,
      volatility: 0.16,
      trades,
      equityPoints: 253,
      totalReturn: value / 10,
      raw: { sharpe_ratio: value, volatility: 0.16 },
    });
    return [{ n, jobId: `backtest-${n}`, result }];
  });

describe("the items of a walk-forward", () => {
  test("are each draw on the days after its training, then the first draws on their own days", () => {
    const items = itemsOf(REQUEST);
    expect(items).toHaveLength(sizeOf(REQUEST));
    expect(items).toHaveLength(16);
    expect(items[4]).toMatchObject({
      n: 4,
      training: { kind: "training", draw: 2, endDate: "2011-12-31" },
      backtest: { walks: "test", startDate: "2011-10-20", endDate: "2012-12-31", modelPath: null },
    });
    expect(items[13]).toMatchObject({
      training: { draw: 1, endDate: "2011-12-31" },
      backtest: { walks: "train", startDate: "2000-01-03", endDate: "2011-12-31" },
    });
    expect(boundsOf(REQUEST)).toEqual({ atOnce: 4, maxFailures: 3 });
    for (const { backtest } of items)
      expect(partOf({ ...backtest!, modelPath: "models/x", trainingJobId: null } as never)).toBe("window");
  });
});

describe("a walk-forward", () => {
  test("shows of each window the draw in the middle, and all windows together as one run", () => {
    const result = walkedForward(
      REQUEST,
      backtests(({ window, draw, days }) => (days === "train" ? 2 : window - 1 + draw / 10)),
      ENGINE,
    );
    expect(result.windows.map(({ sharpe }) => sharpe)).toEqual([-0.8, 0.2, 1.2, 2.2]);
    expect(result.windows[0]?.sharpes).toEqual([-0.9, -0.8, -0.7]);
    expect(result).toMatchObject({ positive: 3, trades: 80, equityPoints: 4 * 252 + 1 });
    const mean = 0.7 / Math.sqrt(252);
    expect(result.sharpe).toBeLessThan(mean * Math.sqrt(252));
    expect(result.totalReturn).toBeCloseTo(0.92 * 1.02 * 1.12 * 1.22 - 1, 12);
    expect(headline(result)).toMatch(
      /^4 windows together: Sharpe 0\.\d\d \(t 1\.\d\d\), .*3 of 4 windows positive, 80 trades$/,
    );
    // Of the first draws alone: -0.9, 0.1, 1.1 and 2.1 outside, 2 inside.
    expect(result.efficiency).toBeGreaterThan(0.2);
    expect(result.efficiency).toBeLessThan(0.3);
    expect(Object.keys(walkFacts(result, "standard")).at(-1)).toBe("efficiency");
    expect(result.caveats).toEqual([]);
  });

  test("of two draws takes the worse, and says that draws are missing", () => {
    const result = walkedForward(
      REQUEST,
      backtests(({ window, draw, days }) => (days === "train" || (window === 2 && draw === 3) ? null : draw)),
      ENGINE,
    );
    expect(result.windows.map(({ sharpe }) => sharpe)).toEqual([2, 2, 1, 2]);
    expect(result.efficiency).toBeNull();
    expect(result.caveats).toMatchObject([{ code: "draws_missing", text: expect.stringContaining("In 1 of 4") }]);
  });

  test("has no efficiency when the trainings themselves show nothing", () => {
    const of = (inside: number) =>
      walkedForward(
        REQUEST,
        backtests(({ days }) => (days === "train" ? inside : 1)),
        ENGINE,
      ).efficiency;
    expect([of(-1), of(0)]).toEqual([null, null]);
    expect(of(2)).toBeCloseTo(0.5, 2);
  });

  test("with a hole is none", () => {
    const holed = backtests(({ window, days }) => (days === "test" && window === 1 ? null : 1));
    expect(() => walkedForward(REQUEST, holed, ENGINE)).toThrow(/Window 2 of 4 has no finished backtest/);
    expect(() => walkedForward(REQUEST, [], ENGINE)).toThrow(/Window 1 of 4/);
  });

  test("says when windows have few trades, and keeps what was insisted on", () => {
    const few = backtests(() => 1, 3).map((one) => ({
      ...one,
      result: { ...one.result, caveats: [{ code: "looks_ahead", text: "LOOKS AHEAD" }] },
    }));
    const result = walkedForward(REQUEST, few, ENGINE);
    expect(result.caveats).toMatchObject([{ code: "looks_ahead" }, { code: "few_trades_in_window" }]);
    expect(headline(result)).toMatch(/^LOOKS AHEAD, proves nothing: /);
  });

  test("says when KTRDR traded coarser bars, because its warm-up then reaches into the window", () => {
    const bars = (count: number) =>
      walkedForward(
        REQUEST,
        backtests(() => 1).map((one) => ({
          ...one,
          result: { ...one.result, data: { bars: count, first: "2011-01-02", last: "2011-12-31", sha256: "0" } },
        })),
        ENGINE,
      ).caveats.map(({ code }) => code);
    expect(bars(253 + 50)).toEqual([]);
    expect(bars(6 * 303)).toEqual(["windows_begin_late"]);
  });

  test("without a trade has no ratio", () => {
    const still = backtests(() => 0, 0).map((one) => ({
      ...one,
      result: { ...one.result, sharpe: null, volatility: 0, raw: { sharpe_ratio: 0, volatility: 0 } },
    }));
    const result = walkedForward(REQUEST, still, ENGINE);
    expect(result).toMatchObject({ sharpe: null, t: null, positive: 0, efficiency: null });
    expect(headline(result)).toBe("no trade was made in 4 windows");
  });
});
