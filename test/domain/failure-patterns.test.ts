import fc from "fast-check";
import { expect, test } from "vitest";
import { failureKinds, failurePatterns, ideasOf, type JudgedRun } from "../../src/domain/failure-patterns.ts";

const run = (jobId: string, failure: string | null, indicator: readonly string[], symbol = "SPX"): JudgedRun => ({
  jobId,
  idea: jobId,
  symbol,
  timeframe: "1d",
  failure,
  traits: { indicator, labels: ["zigzag"], architecture: [] },
});

const RUNS = [
  run("b5", "no trades", ["rsi", "adx"]),
  run("b4", "no trades", ["rsi"]),
  run("b3", "Sharpe too low", ["rsi", "macd"]),
  run("b2", null, ["macd"], "EURUSD"),
  run("b1", null, ["macd"], "EURUSD"),
];

test("what fails beyond what all do comes first, with how often it was tried, and the newest examples", () => {
  const patterns = failurePatterns(RUNS);
  expect(patterns.slice(0, 2)).toEqual([
    { trait: "indicator", value: "rsi", failed: 3, tried: 3, share: 1, examples: ["b5", "b4"] },
    { trait: "symbol", value: "SPX", failed: 3, tried: 3, share: 1, examples: ["b5", "b4"] },
  ]);
  // What every run has explains nothing.
  expect(patterns.map(({ value }) => value)).not.toContain("zigzag");
  expect(patterns.map(({ trait }) => trait)).not.toContain("timeframe");
  // One failed run is no pattern.
  expect(patterns.map(({ value }) => value)).not.toContain("adx");
  expect(patterns.map(({ value }) => value)).not.toContain("macd");
});

test("eighteen of twenty weigh more than two of two", () => {
  const many = Array.from({ length: 20 }, (_, at) => run(`m${at}`, at < 18 ? "no trades" : null, ["rsi"], "A"));
  const few = [run("f1", "no trades", ["cci"], "B"), run("f2", "no trades", ["cci"], "B")];
  const indicators = failurePatterns([...few, ...many]).filter(({ trait }) => trait === "indicator");
  expect(indicators.map(({ value }) => value)).toEqual(["rsi", "cci"]);
});

test("draws of one idea count once: failed when half of them did", () => {
  const draws = (idea: string, ...failures: (string | null)[]) =>
    failures.map((failure, at) => ({ ...run(`${idea}${at}`, failure, []), idea }));
  const ideas = ideasOf([
    ...draws("a", null, "no trades", "x", "x"),
    ...draws("b", null, "x", null),
    ...draws("c", "x"),
  ]);
  expect(ideas.map(({ jobId, failure }) => [jobId, failure])).toEqual([
    ["a2", "x"],
    ["b0", null],
    ["c0", "x"],
  ]);
});

test("kinds of failure are counted, the commonest first", () => {
  expect(failureKinds(RUNS)).toEqual([
    { kind: "no trades", runs: 2, examples: ["b5", "b4"] },
    { kind: "Sharpe too low", runs: 1, examples: ["b3"] },
  ]);
  expect(failureKinds([])).toEqual([]);
});

test("counts never exceed the runs, whatever they are", () => {
  const runs = fc.array(
    fc.record({
      jobId: fc.uuid(),
      idea: fc.constantFrom("i", "j", "k"),
      symbol: fc.constantFrom("A", "B"),
      timeframe: fc.constantFrom("1d", "1h"),
      failure: fc.option(fc.constantFrom("x", "y")),
      traits: fc.record({
        indicator: fc.uniqueArray(fc.constantFrom("rsi", "macd", "__proto__")),
        labels: fc.constant([]),
        architecture: fc.constant([]),
      }),
    }),
  );
  fc.assert(
    fc.property(runs, (all) => {
      const failed = all.filter(({ failure }) => failure !== null).length;
      for (const pattern of failurePatterns(all)) {
        expect(pattern.failed).toBeLessThanOrEqual(Math.min(pattern.tried, failed));
        expect(pattern.tried).toBeLessThanOrEqual(all.length);
      }
    }),
  );
});
