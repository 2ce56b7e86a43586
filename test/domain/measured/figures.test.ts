import { describe, expect, test } from "vitest";
import type { MeasurementResult } from "../../../src/domain/kinds/measurement.ts";
import { besideHolding } from "../../../src/domain/measured/beside-holding.ts";
import { measuredFacts } from "../../../src/domain/measured/facts.ts";
import { measuredHeadline } from "../../../src/domain/measured/headline.ts";
import { bestBlock, drawdownAtPoints, longestUnderWater, worstBlock } from "../../../src/domain/measured/losses.ts";
import { prefixEnds } from "../../../src/domain/measured/prefix-ends.ts";
import { merged } from "../../../src/domain/measured/series.ts";
import { yearsOf } from "../../../src/domain/measured/years.ts";
import { sharpeDifference } from "../../../src/domain/luck/sharpe-difference.ts";
import { mean, sharpeRatio, standardDeviation } from "../../../src/domain/statistics.ts";
import { dayOf, measure, wave } from "../../support/measured.ts";
import { near } from "../luck/near.ts";

const DAY_MS = 86_400_000;
/** Returns until this day. */
const until = (day: string): number => (Date.parse(day) - Date.parse(dayOf(50))) / DAY_MS;
const grown = (values: readonly number[], part = 1) => values.reduce((level, value) => level * (1 + part * value), 1);

const LAST = "2017-06-30";
const COUNTS = prefixEnds({ startDate: dayOf(0), endDate: LAST }, "2015-03-01", 60).map(until);
const RETURNS = wave(until(LAST), 1, 0.0003);
const MARKET = wave(until(LAST), 9, 0.0005);
const RUN = measure({ returns: RETURNS, market: MARKET, counts: COUNTS });

const codes = ({ caveats }: MeasurementResult) => caveats.map(({ code }) => code);

test("each year stands alone, and parts of years are named", () => {
  const years = yearsOf(RUN);
  expect(years.map(({ year, part }) => [year, part])).toEqual([
    ["2015", `from ${dayOf(50)}`],
    ["2016", null],
    ["2017", `to ${LAST}`],
  ]);
  const edges = [0, until("2015-12-31"), until("2016-12-31"), until(LAST)];
  for (const [at, year] of years.entries()) {
    const [from, to] = edges.slice(at);
    const [own, held] = [RETURNS.slice(from, to), MARKET.slice(from, to)];
    near(year.return, grown(own) - 1, 1e-8);
    near(year.sharpe ?? 0, sharpeRatio(own, RUN.perYear) ?? 0, 1e-6);
    near(year.holdingReturn ?? 0, grown(held) - 1, 1e-8);
    near(year.holdingSharpe ?? 0, sharpeRatio(held, RUN.perYear) ?? 0, 1e-6);
  }
});

test("years whose ends are no points are told together", () => {
  const run = measure({ returns: RETURNS, market: MARKET, counts: [until("2016-12-31"), until(LAST)] });
  expect(yearsOf(run).map(({ year, part }) => [year, part])).toEqual([
    ["2015-2016", `from ${dayOf(50)}`],
    ["2017", `to ${LAST}`],
  ]);
});

describe("losses", () => {
  /** Blocks of ten returns, each with one that is not nearly 0. */
  const jumps = (values: readonly number[]) => {
    const returns = values.flatMap((value) => [
      value,
      ...Array.from({ length: 9 }, (_, at) => (at % 2 === 0 ? 1e-6 : -1e-6)),
    ]);
    return measure({ returns, market: wave(returns.length, 3), counts: values.map((_, at) => 10 * (at + 1)) });
  };

  test("are the worst block, the longest time under water and the drawdown, at the points", () => {
    const run = jumps([0.1, -0.05, -0.02, 0.01, 0.1, -0.01, 0.2]);
    expect(worstBlock(run)).toMatchObject({ from: dayOf(60), to: dayOf(70) });
    near(worstBlock(run)?.return ?? 0, -0.05, 1e-4);
    expect(longestUnderWater(run)).toEqual({ days: 40, from: dayOf(60), to: dayOf(100), recovered: true });
    near(drawdownAtPoints(run), 1 - 0.95 * 0.98, 1e-4);
    expect(measuredHeadline(run)).toContain("worst block -5.0 %, under water 40 days at most");
  });

  test("that are not made good last until the end, and a run without any was never under water", () => {
    const [falling, rising] = [jumps([0.1, 0.05, -0.2, 0.01]), jumps([0.1, 0.05, 0.01])];
    expect(longestUnderWater(falling)).toEqual({ days: 20, from: dayOf(70), to: dayOf(90), recovered: false });
    expect(longestUnderWater(jumps([-0.1, 0.01]))).toMatchObject({ days: 20, from: dayOf(50), recovered: false });
    expect(longestUnderWater(rising)).toBeNull();
    expect(measuredHeadline(rising)).toContain("at none of them under water");
    expect(measuredFacts(rising, "brief")).toMatchObject({ longest_under_water: "never, at these points" });
  });

  test("one block that made more than half of the profit is named", () => {
    const run = jumps([0.01, 0.01, 0.2, 0.01, 0.01, 0.01, 0.01]);
    expect(bestBlock(run)).toMatchObject({ from: dayOf(70), to: dayOf(80) });
    expect(run.caveats.find(({ code }) => code === "one_block")?.text).toMatch(/made 7\d % of the profit/);
    expect(codes(jumps([0.01, 0.012, 0.01, 0.011, 0.01, 0.01, 0.01]))).not.toContain("one_block");
    expect(
      jumps([-0.01, 0.01, 0.1, -0.02, 0.01, -0.03]).caveats.find(({ code }) => code === "one_block")?.text,
    ).toMatch(/made all of the profit: without it the run lost/);
    expect(bestBlock(jumps([-0.1, 0.05, -0.02]))).toBeNull();
  });
});

describe("beside holding", () => {
  test("the excess Sharpe is tested with the correlation of the blocks", () => {
    const beside = besideHolding(RUN);
    near(beside?.totalReturn ?? 0, grown(MARKET) - 1, 1e-8);
    const sums = (values: readonly number[]) =>
      COUNTS.map((count, at) => values.slice(COUNTS[at - 1] ?? 0, count).reduce((sum, value) => sum + value, 0));
    const [a, b] = [sums(RETURNS), sums(MARKET)];
    const [ca, cb] = [a.map((value) => value - mean(a)), b.map((value) => value - mean(b))];
    const dot = (x: readonly number[], y: readonly number[]) =>
      x.reduce((sum, value, at) => sum + value * (y[at] ?? 0), 0);
    const correlation = dot(ca, cb) / Math.sqrt(dot(ca, ca) * dot(cb, cb));
    near(beside?.correlation ?? 0, correlation, 1e-6);
    const perBar = (values: readonly number[]) => mean(values) / standardDeviation(values);
    const wanted = sharpeDifference(perBar(RETURNS), perBar(MARKET), correlation, RETURNS.length);
    near(beside?.excess?.probability ?? 0, wanted.probability, 1e-6);
    near(beside?.excess?.error ?? 0, wanted.error * Math.sqrt(RUN.perYear), 1e-6);
    expect(beside?.isHolding).toBe(false);
    expect(codes(RUN)).not.toContain("is_holding");
  });

  test("holding with a part of the money is told by name, with that part", () => {
    const noise = wave(MARKET.length, 5).map((value) => value / 100);
    const run = measure({
      returns: MARKET.map((value, at) => 0.25 * value + (noise[at] ?? 0)),
      market: MARKET,
      counts: COUNTS,
    });
    const beside = besideHolding(run);
    expect(beside?.isHolding).toBe(true);
    expect(beside?.sameExposure?.exposure).toBeCloseTo(0.25, 2);
    near(beside?.sameExposure?.totalReturn ?? 0, grown(MARKET, run.exposure ?? 0) - 1, 1e-8);
    expect(run.caveats.find(({ code }) => code === "is_holding")?.text).toMatch(/^This is holding at 25 %/);
    expect(measuredHeadline(run)).toContain("this is holding at 25 %");
    expect(measuredFacts(run, "brief")).toMatchObject({
      holding: { at_same_exposure: { exposure: expect.any(Number) } },
    });
  });

  test("below six blocks no correlation is told, and nothing follows from it", () => {
    const run = measure({ returns: MARKET, market: MARKET, counts: COUNTS.slice(0, 4).concat(MARKET.length) });
    expect(besideHolding(run)).toMatchObject({ correlation: null, excess: null, isHolding: false });
  });
});

describe("returns that follow each other", () => {
  test("make the Sharpe too high, which is said with the one of the blocks", () => {
    // Each block goes one way: its returns have one sign.
    const returns = COUNTS.flatMap((count, at) =>
      Array.from(
        { length: count - (COUNTS[at - 1] ?? 0) },
        (_, bar) => (at % 3 === 0 ? -1 : 1) * (0.002 + 0.0001 * (bar % 3)),
      ),
    );
    const run = measure({ returns, market: MARKET, counts: COUNTS });
    expect(run.caveats.find(({ code }) => code === "autocorrelation")?.text).toMatch(/variance ratio \d+\.\d+/);
    expect(codes(RUN)).not.toContain("autocorrelation");
  });
});

test("standard shows at most twelve blocks, neighbours put together; full shows all", () => {
  const [standard, full] = (["standard", "full"] as const).map((detail) => measuredFacts(RUN, detail));
  expect(standard?.["blocks"]).toHaveLength(12);
  expect(standard).toMatchObject({ blocks_measured: COUNTS.length, model_and_record_agree: true });
  expect(full?.["blocks"]).toHaveLength(COUNTS.length);
  const twelve = merged(RUN.blocks, 12);
  expect(twelve.reduce((sum, { count }) => sum + count, 0)).toBe(RETURNS.length);
  expect(twelve.at(-1)).toMatchObject({ end: LAST, equity: RUN.blocks.at(-1)?.equity });
});

test("a block out of the market has no Sharpe", () => {
  const returns = [...wave(60, 2), ...Array.from({ length: 40 }, () => 0), ...wave(60, 3)];
  const run = measure({ returns, market: wave(160, 4), counts: [60, 100, 160] });
  const { blocks } = measuredFacts(run, "full") as { blocks: Record<string, unknown>[] };
  expect(blocks[1]).not.toHaveProperty("sharpe");
  expect(blocks[1]).toMatchObject({ bars: 40, return: 0 });
  expect(blocks[2]).toHaveProperty("sharpe");
});
