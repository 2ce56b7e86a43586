import { expect, test } from "vitest";
import { stitched } from "../../../src/domain/walk-forward/stitch.ts";

test("windows together have the Sharpe ratio and t of their returns", () => {
  const { returns, ktrdrSharpe, t } = stitched([
    { returns: 252, sharpe: 0.8, volatility: 0.16 },
    { returns: 252, sharpe: -0.3, volatility: 0.14 },
    { returns: 250, sharpe: 1.4, volatility: 0.19 },
    { returns: 126, sharpe: 0.2, volatility: 0.15 },
  ]);
  expect(returns).toBe(880);
  expect(ktrdrSharpe).toBeCloseTo(0.64177834753, 10);
  expect(t).toBeCloseTo(1.19929528526, 10);
});

test("as computed from the returns themselves", () => {
  const series = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => 0.0004 + 0.01 * Math.sin(1.7 * (from + at)));
  const all = [series(0, 90), series(90, 130), series(220, 75)];
  const prefix = (values: readonly number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    return {
      returns: values.length,
      sharpe: (mean / deviation) * Math.sqrt(252),
      volatility: deviation * Math.sqrt(252),
    };
  };
  const flat = all.flat();
  const mean = flat.reduce((sum, value) => sum + value, 0) / flat.length;
  const deviation = Math.sqrt(flat.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (flat.length - 1));
  const { ktrdrSharpe, t } = stitched(all.map(prefix));
  expect(ktrdrSharpe).toBeCloseTo((mean / deviation) * Math.sqrt(252), 9);
  expect(t).toBeCloseTo((mean / deviation) * Math.sqrt(flat.length), 9);
});

test("windows in which nothing moved have no ratio", () => {
  const still = { returns: 100, sharpe: 0, volatility: 0 };
  expect(stitched([still, still])).toEqual({ returns: 200, ktrdrSharpe: null, t: null });
  expect(stitched([])).toEqual({ returns: 0, ktrdrSharpe: null, t: null });
});
