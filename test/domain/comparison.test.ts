import { describe, expect, test } from "vitest";
import { compare, type ComparedRun } from "../../src/domain/comparison.ts";
import { normalQuantile } from "../../src/domain/normal-quantile.ts";
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
    expect(groups.map(({ key, median, values }) => [key, median, values.length])).toEqual([
      ["b", 0.5, 2],
      ["c", 0.5, 1],
      ["a", 0.2, 3],
    ]);
    expect(groups[0]?.againstBest).toBeNull();
  });

  test("calls more than chance only what neither the market nor the draw explains", () => {
    // Twenty years: one standard error of the market is 0.224 each.
    const far = compare("sharpe", [...draws("a", 1.5, 1.6, 1.55), ...draws("b", 0.1, 0.2, 0.15)]);
    expect(far[1]?.againstBest).toMatchObject({ verdict: "beyond chance", difference: expect.closeTo(1.4) });
    const near = compare("sharpe", [...draws("a", 0.5, 0.6, 0.55), ...draws("b", 0.1, 0.2, 0.15)]);
    expect(near[1]?.againstBest).toMatchObject({ verdict: "within chance", error: expect.closeTo(0.32, 1) });
    // The same medians, and draws that scatter.
    const scattered = compare("sharpe", [...draws("a", 0.2, 2.9, 1.55), ...draws("b", -1.2, 1.5, 0.15)]);
    expect(scattered[1]?.againstBest?.verdict).toBe("within chance");
  });

  test("with one draw each it cannot be told, however far they are apart", () => {
    const groups = compare("sharpe", [run("a", 2), run("b", 0)]);
    expect(groups[1]?.againstBest).toMatchObject({ verdict: "cannot be told", difference: 2 });
    expect(compare("sharpe", [run("a", 0.2), run("b", 0)])[1]?.againstBest?.verdict).toBe("within chance");
  });

  test("the more are compared, the less a difference says", () => {
    // The standard error of the difference is 0.33: two and a half of them.
    const two = [...draws("best", 0.8, 0.8), ...draws("x", 0, 0)];
    expect(compare("sharpe", two)[1]?.againstBest?.verdict).toBe("beyond chance");
    const many = [...two, ...Array.from({ length: 18 }, (_, at) => draws(`y${at}`, 0, 0)).flat()];
    expect(compare("sharpe", many)[1]?.againstBest?.verdict).toBe("within chance");
  });

  test("of a figure whose chance is not known says nothing from single runs", () => {
    const groups = compare("max_drawdown", [run("a", 1), run("b", 1)]);
    expect(groups[1]?.againstBest).toMatchObject({ error: null, verdict: "cannot be told" });
    const lower = compare("best_val_loss", [
      { jobId: "a", key: "a", result: trainingResult({ bestValLoss: 0.9 }) },
      { jobId: "b", key: "b", result: trainingResult({ bestValLoss: 0.5 }) },
    ]);
    expect(lower[0]?.key).toBe("b");
    expect(() => compare("trades", [{ jobId: "a", key: "a", result: trainingResult() }])).toThrow(RangeError);
  });
});
