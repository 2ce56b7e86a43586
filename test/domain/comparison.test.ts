import { describe, expect, test } from "vitest";
import { compare, type ComparedRun } from "../../src/domain/comparison.ts";
import { normalQuantile } from "../../src/domain/luck/normal.ts";
import { backtestResult, trainingResult } from "../support/job-records.ts";

test.each([
  // Computed by two independent implementations.
  [0.99, 2.3263478740408408],
  [0.975, 1.959963984540054],
  [0.95, 1.6448536269514722],
  [0.5, 0],
  [0.6, 0.2533471031357997],
  [1e-8, -5.612001244174789],
])("the normal quantile of %s is %s", (p, value) => {
  expect(normalQuantile(p)).toBeCloseTo(value, 12);
  expect(normalQuantile(1 - p)).toBeCloseTo(-value, p < 1e-6 ? 6 : 10);
});

const run = (key: string, sharpe: number, at = 0): ComparedRun => ({
  jobId: `${key}-${at}`,
  key,
  result: backtestResult({ sharpe, startDate: "2000-01-03", endDate: "2020-01-03" }),
});
const draws = (key: string, ...values: number[]) => values.map((sharpe, at) => run(key, sharpe, at));

describe("a comparison", () => {
  test("tells draws of one strategy as one group, the best first", () => {
    const groups = compare("sharpe", [...draws("a", 0.1, 0.2, 0.3), ...draws("b", 0.4, 0.6), run("c", 0.5)]);
    expect(groups.map(({ jobIds, median }) => [jobIds, median])).toEqual([
      [["b-0", "b-1"], 0.5],
      [["c-0"], 0.5],
      [["a-0", "a-1", "a-2"], 0.2],
    ]);
    expect(groups[0]?.againstBest).toBeNull();
  });

  const around = (key: string, middle: number, count: number, step = 0.02) =>
    draws(key, ...Array.from({ length: count }, (_, at) => middle + (at - (count - 1) / 2) * step));

  test("calls more than chance only what neither the market nor the draw explains", () => {
    // Over twenty years one standard error of the market is 0.224 for each strategy.
    const far = compare("sharpe", [...around("a", 1.55, 4), ...around("b", 0.15, 4)]);
    expect(far[1]?.againstBest).toMatchObject({ chance: "beyond chance", difference: expect.closeTo(1.4) });
    const near = compare("sharpe", [...around("a", 0.55, 4), ...around("b", 0.15, 4)]);
    expect(near[1]?.againstBest).toMatchObject({ chance: "within chance", error: expect.closeTo(0.32, 1) });
    // The medians are the same, but the draws scatter.
    const scattered = compare("sharpe", [...around("a", 1.55, 4, 1.3), ...around("b", 0.15, 4, 1.3)]);
    expect(scattered[1]?.againstBest?.chance).toBe("within chance");
  });

  test.each([
    [2, 4],
    [5, 6],
    [10, 7],
    [20, 8],
  ])("of %i strategies says that it takes %i draws of each to tell", (count, needed) => {
    const of = (each: number) =>
      compare(
        "max_drawdown",
        Array.from({ length: count }, (_, at) =>
          Array.from({ length: each }, (_, draw): ComparedRun => ({
            jobId: `${at}-${draw}`,
            key: `${at}`,
            result: backtestResult({ maxDrawdown: at + draw / 100 }),
          })),
        ).flat(),
      )[1]?.againstBest;
    expect(of(needed - 1)).toMatchObject({ chance: "cannot be told", drawsNeeded: needed });
    expect(of(needed)).toMatchObject({ chance: "beyond chance", drawsNeeded: null });
  });

  test("does not set runs on other days or another market against each other", () => {
    const other = (key: string, sharpe: number, more: object): ComparedRun => ({
      jobId: key,
      key,
      result: backtestResult({ sharpe, ...more }),
    });
    const groups = compare("sharpe", [
      other("a", 0.1, {}),
      other("later", 3, { startDate: "2020-01-02", endDate: "2023-12-29" }),
      other("b", 0.3, {}),
      other("gold", 5, { symbol: "GOLD" }),
    ]);
    expect(groups.map(({ jobIds: [id], place, againstBest }) => [id, place, againstBest?.chance ?? null])).toEqual([
      ["b", "SPX 1d, 2015-01-02 to 2019-12-31", null],
      ["a", "SPX 1d, 2015-01-02 to 2019-12-31", "within chance"],
      ["later", "SPX 1d, 2020-01-02 to 2023-12-29", null],
      ["gold", "GOLD 1d, 2015-01-02 to 2019-12-31", null],
    ]);
  });

  test("with one draw each it cannot be told, however far they are apart", () => {
    const groups = compare("sharpe", [run("a", 2), run("b", 0)]);
    expect(groups[1]?.againstBest).toMatchObject({ chance: "cannot be told", difference: 2, drawsNeeded: 4 });
    expect(compare("sharpe", [run("a", 0.2), run("b", 0)])[1]?.againstBest?.chance).toBe("within chance");
  });

  test("the more are compared, the less a difference says", () => {
    // The difference is 1, which is three of its standard errors of 0.32.
    const two = [...around("best", 1, 8, 0), ...around("x", 0, 8, 0)];
    expect(compare("sharpe", two)[1]?.againstBest?.chance).toBe("beyond chance");
    const many = [...two, ...Array.from({ length: 18 }, (_, at) => around(`y${at}`, 0, 8, 0)).flat()];
    expect(compare("sharpe", many)[1]?.againstBest?.chance).toBe("within chance");
  });

  test("of a figure whose chance is not known says nothing from single runs", () => {
    const groups = compare("max_drawdown", [run("a", 1), run("b", 1)]);
    expect(groups[1]?.againstBest).toMatchObject({ error: null, chance: "cannot be told" });
    const lower = compare("final_val_loss", [
      { jobId: "a", key: "a", result: trainingResult({ finalValLoss: 0.9 }) },
      { jobId: "b", key: "b", result: trainingResult({ finalValLoss: 0.5 }) },
    ]);
    expect(lower[0]?.jobIds).toEqual(["b"]);
    expect(() => compare("trades", [{ jobId: "a", key: "a", result: trainingResult() }])).toThrow(RangeError);
  });
});
