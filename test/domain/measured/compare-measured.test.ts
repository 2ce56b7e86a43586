import { describe, expect, test } from "vitest";
import { LOOKS_AHEAD } from "../../../src/domain/insistence.ts";
import { overfitting } from "../../../src/domain/luck/overfitting.ts";
import { sharpeDifference } from "../../../src/domain/luck/sharpe-difference.ts";
import { compareMeasured, isSound, type MeasuredRun } from "../../../src/domain/measured/compare-measured.ts";
import { mean, standardDeviation } from "../../../src/domain/statistics.ts";
import { measure, wave } from "../../support/measured.ts";
import { near } from "../luck/near.ts";

const COUNTS = Array.from({ length: 16 }, (_, at) => 20 * (at + 1));
const MARKET = wave(320, 30);

const run = (name: string, returns: readonly number[], counts: readonly number[] = COUNTS): MeasuredRun => ({
  jobId: `measure-${name}`,
  result: measure({ returns, market: MARKET, counts, measures: `backtest-${name}` }),
});

/** The matrix of the vectors: 320 bars of six strategies. */
function lcg(seed: number, bars: number, columns: number): number[][] {
  let x = BigInt(seed);
  const rows = Array.from({ length: bars }, () =>
    Array.from({ length: columns }, () => {
      x = (1_103_515_245n * x + 12_345n) % 2n ** 31n;
      return ((Number(x / 65_536n) % 2001) - 1000) / 50_000;
    }),
  );
  return Array.from({ length: columns }, (_, column) => rows.map((row) => row[column] ?? 0));
}

describe("several measured runs", () => {
  test("have the published probability of overfitting, from prefixes alone", () => {
    const { overfitting: found, blocks } = compareMeasured(
      lcg(3, 320, 6).map((returns, at) => run(String(at), returns)),
    );
    expect([blocks, found.splits]).toEqual([16, 12_870]);
    near(found.probability, 0.658741258741);
    near(found.loses, 0.812043512044);
    near(found.slope, -0.581256297373, 1e-8);
  });

  test("are tested in pairs against the best, adjusted for all pairs", () => {
    const series = { a: wave(320, 1, 0.004), b: wave(320, 2, 0.001), c: wave(320, 3, -0.001) };
    const { runs } = compareMeasured(Object.entries(series).map(([name, returns]) => run(name, returns)));
    expect(runs.map(({ jobId }) => jobId)).toEqual(["measure-a", "measure-b", "measure-c"]);
    expect(runs[0]?.againstBest).toBeNull();
    const perBar = (values: readonly number[]) => mean(values) / standardDeviation(values);
    const raw = (first: readonly number[], second: readonly number[], correlation: number) =>
      sharpeDifference(perBar(first), perBar(second), correlation, 320).probability;
    const [toB, toC] = [runs[1]?.againstBest, runs[2]?.againstBest];
    const p = { b: raw(series.a, series.b, toB?.correlation ?? 0), c: raw(series.a, series.c, toC?.correlation ?? 0) };
    // Three pairs are compared: the least of their probabilities counts three times.
    near(toC?.probability ?? 0, 3 * p.c, 1e-6);
    expect(toB?.probability).toBeGreaterThanOrEqual(p.b);
    expect(toB?.difference).toBeLessThan(toC?.difference ?? 0);
  });

  test("whose curves are one are named, and differ by nothing", () => {
    const returns = wave(320, 6, 0.001);
    const { alike, runs } = compareMeasured([
      run("one", returns),
      run(
        "two",
        returns.map((value) => value / 2),
      ),
      run("other", wave(320, 8)),
    ]);
    expect(alike.map((pair) => pair.toSorted())).toEqual([["measure-one", "measure-two"]]);
    const twin = runs.find(({ againstBest }) => (againstBest?.correlation ?? 0) > 0.99);
    expect(twin?.againstBest?.probability).toBe(1);
  });

  test("with more than sixteen blocks have neighbours put together", () => {
    const counts = Array.from({ length: 58 }, (_, at) => 5 * (at + 1)).concat(320);
    const { blocks, overfitting: found } = compareMeasured([
      run("a", wave(320, 1), counts),
      run("b", wave(320, 2), counts),
    ]);
    expect([blocks, found.splits]).toEqual([16, 12_870]);
    const seven = [45, 90, 135, 180, 225, 270, 320];
    expect(compareMeasured([run("a", wave(320, 1), seven), run("b", wave(320, 2), seven)]).blocks).toBe(6);
  });

  test("of which one stood aside for half of the days are judged too", () => {
    const aside = [...Array.from({ length: 160 }, () => 0), ...wave(160, 2, 0.01)];
    const { overfitting: found } = compareMeasured([run("aside", aside), run("other", wave(320, 5, -0.001))]);
    expect(Object.values(found).every((value) => Number.isFinite(value))).toBe(true);
  });
});

const A = run("a", wave(320, 1));
const B = run("b", wave(320, 2));
const branded = { code: LOOKS_AHEAD, text: "LOOKS AHEAD" };

test.each<[string, readonly MeasuredRun[], RegExp]>([
  ["one alone", [A], /one measurement alone/],
  [
    "one that is not measured",
    [
      A,
      {
        ...B,
        result: {
          ...B.result,
          differs: [{ figure: "x", recorded: 1, measured: 2 }],
          because: "the model folder changed since",
        },
      },
    ],
    /measure-b is not measured: the model folder changed/,
  ],
  ["one that looks ahead", [A, { ...B, result: { ...B.result, caveats: [branded] } }], /measure-b looks ahead/],
  ["two of one backtest", [A, { ...A, jobId: "measure-again" }], /backtest-a is measured by 2 of them/],
  ["other points", [A, run("b", wave(320, 2), COUNTS.slice(8))], /measure-b has other bars or points/],
  ["another market", [A, { ...B, result: { ...B.result, symbol: "DAX" } }], /DAX 1d/],
  [
    "few blocks",
    [run("a", wave(320, 1), [100, 200, 320]), run("b", wave(320, 2), [100, 200, 320])],
    /3 blocks are too few, 4/,
  ],
  [
    "a flat run",
    [
      A,
      run(
        "b",
        Array.from({ length: 320 }, () => 0),
      ),
    ],
    /returns of measure-b do not vary/,
  ],
])("%s is refused with the reason", (_, runs, why) => {
  expect(() => compareMeasured(runs)).toThrow(expect.objectContaining({ why: expect.stringMatching(why) }));
});

test("the probability of overfitting is finite where nothing varies", () => {
  const still = Array.from({ length: 4 }, () => ({ count: 5, sum: 0, squares: 0 }));
  expect(overfitting([still, still])).toMatchObject({ probability: 1, loses: 0 });
});

test("one that differs or looks ahead is not sound, and the others are still compared", () => {
  const differing = { ...B, result: { ...B.result, differs: [{ figure: "x", recorded: 1, measured: 2 }] } };
  const ahead = { ...B, result: { ...B.result, caveats: [branded] } };
  const sound = [A, differing, ahead, B].filter(isSound);
  expect(sound).toEqual([A, B]);
  expect(compareMeasured(sound).overfitting.probability).toBeGreaterThanOrEqual(0);
});
