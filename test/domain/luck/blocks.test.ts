import { expect, test } from "vitest";
import { blockCorrelation, blockSharpe, blocksOf, varianceRatio, type Block } from "../../../src/domain/luck/blocks.ts";
import { overfitting } from "../../../src/domain/luck/overfitting.ts";
import { near } from "./near.ts";

const series = Array.from({ length: 240 }, (_, at) => {
  const i = at + 1;
  return Number((0.0004 + 0.01 * Math.sin(1.7 * i) + 0.004 * Math.cos(i ** 1.1)).toFixed(6));
});

/** Sharpe ratio and volatility of the first returns, as KTRDR computes them. */
function prefix(returns: number) {
  const some = series.slice(0, returns);
  const mean = some.reduce((sum, value) => sum + value, 0) / returns;
  const deviation = Math.sqrt(some.reduce((sum, value) => sum + (value - mean) ** 2, 0) / returns);
  return { returns, sharpe: (mean / deviation) * Math.sqrt(252), volatility: deviation * Math.sqrt(252) };
}

const PREFIXES = [
  [40, 0.7368515066064517, 0.1276840708832938],
  [80, 0.926130639001511, 0.10791479710438232],
  [120, 1.1777861523302335, 0.09933662385868819],
  [160, 1.0617812575693355, 0.10931743160141479],
  [200, 0.9646253781103558, 0.11139068330390474],
  [240, 0.8913757461941105, 0.1123167759807974],
].map(([returns = 0, sharpe = 0, volatility = 0]) => ({ returns, sharpe, volatility }));

test("prefixes give the sums of the blocks between them", () => {
  const blocks = blocksOf(PREFIXES);
  const wanted = [
    [0.014934, 0.002593388618, 0.0458333934726],
    [0.016794, 0.00111621167, 0.0787280007014],
    [0.023985, 0.001015201503, 0.1183679582],
    [0.017983, 0.002896635191, 0.0522389543674],
    [0.011582, 0.002262451948, 0.0380441863878],
    [0.010071, 0.002168333147, 0.0337859380978],
  ];
  wanted.forEach(([sum = 0, squares = 0, sharpe = 0], at) => {
    const block = blocks[at] as Block;
    expect(block.count).toBe(40);
    near(block.sum, sum);
    near(block.squares, squares);
    near(blockSharpe(block), sharpe, 1e-8);
  });
  blocksOf([40, 80, 120, 160, 200, 240].map(prefix)).forEach((block, at) => {
    near(block.sum, blocks[at]?.sum ?? 0);
  });
});

test("returns that go back and forth have a small variance ratio", () => {
  const { ratio, error } = varianceRatio(blocksOf(PREFIXES));
  near(ratio, 0.0123912350767, 1e-8);
  near(error, 0.632455532034);
});

test("a series is correlated with itself, and against its mirror", () => {
  const sums = blocksOf(PREFIXES).map(({ sum }) => sum);
  near(blockCorrelation(sums, sums), 1);
  near(
    blockCorrelation(
      sums,
      sums.map((sum) => 0.1 - 3 * sum),
    ),
    -1,
  );
});

const blocksOfMatrix = (rows: readonly (readonly number[])[], ends: readonly number[]): Block[][] =>
  (rows[0] ?? []).map((_, column) =>
    ends.map((end, at) => {
      const values = rows.slice(ends[at - 1] ?? 0, end).map((row) => row[column] ?? 0);
      const total = (of: (value: number) => number) => values.reduce((sum, value) => sum + of(value), 0);
      return { count: values.length, sum: total((value) => value), squares: total((value) => value ** 2) };
    }),
  );

const every = (step: number, until: number) => Array.from({ length: until / step }, (_, at) => (at + 1) * step);
const sines = (bars: number, columns: number, drift: (column: number) => number) =>
  Array.from({ length: bars }, (_, t) =>
    Array.from({ length: columns }, (__, n) => 0.01 * Math.sin((t + 1) * (n + 2)) + drift(n)),
  );

function lcg(seed: number, bars: number, columns: number, drift = 0): number[][] {
  let x = BigInt(seed);
  return Array.from({ length: bars }, () =>
    Array.from({ length: columns }, (_, n) => {
      x = (1_103_515_245n * x + 12_345n) % 2n ** 31n;
      return ((Number(x / 65_536n) % 2001) - 1000) / 50_000 + drift * n;
    }),
  );
}

const V1 = [
  [0.01, 0.02, -0.01],
  [0.03, -0.01, 0],
  [-0.01, 0.01, 0.02],
  [0.02, 0, 0.03],
  [0, 0.03, -0.02],
  [0.01, -0.02, 0.01],
  [-0.02, 0.02, 0.01],
  [0.01, 0.01, 0],
];
const V2 = sines(96, 5, (n) => 0.0004 * n);

test.each([
  ["eight rows", V1, every(2, 8), 6, 1, 5 / 6],
  ["sines with a drift, 4 blocks", V2, every(24, 96), 6, 0, 0],
  ["sines with a drift, 6 blocks", V2, every(16, 96), 20, 0.5, 0.35],
  ["sines with a drift, 8 blocks", V2, every(12, 96), 70, 47 / 70, 0.3],
  ["sines, 4 blocks", sines(240, 10, () => 0), every(60, 240), 6, 4 / 6, null],
  ["sines, 8 blocks", sines(240, 10, () => 0), every(30, 240), 70, 65 / 70, null],
  ["sines, 10 blocks", sines(240, 10, () => 0), every(24, 240), 252, 0.8571428571428571, null],
  ["a planted edge", sines(96, 6, (n) => (n === 0 ? 0.01 : 0)), every(12, 96), 70, 0, 0],
] as const)("PBO of %s", (_, rows, ends, splits, probability, strict) => {
  const found = overfitting(blocksOfMatrix(rows, ends));
  expect(found.splits).toBe(splits);
  near(found.probability, probability);
  if (strict !== null) near(found.strict, strict);
});

const P4_ENDS = [20, 41, 62, 84, 105, 126, 147, 168, 189, 210, 231, 252];

test.each([
  ["P1", V2, every(12, 96), 0.671428571429, 0.3, 0.228571428571, -0.990577397463, 0.279080257553, 0],
  ["P2", V2, [10, 24, 36, 48, 58, 72, 84, 96], 0.571428571429, 0.3, 0.242857142857, -1.11489028163, 0.3050509826, 0],
  [
    "P4",
    lcg(1, 252, 12),
    P4_ENDS,
    0.271645021645,
    0.271645021645,
    0.287878787879,
    -0.292166232849,
    0.0880750178771,
    1.20397280433,
  ],
  [
    "P5",
    lcg(7, 240, 20, 0.00005),
    every(30, 240),
    0.371428571429,
    0.371428571429,
    0.357142857143,
    -0.347581228446,
    0.102062223584,
    0.386594944117,
  ],
  [
    "P6",
    lcg(3, 320, 6),
    every(20, 320),
    0.658741258741,
    0.658741258741,
    0.812043512044,
    -0.581256297373,
    -0.0140988715908,
    -0.287682072452,
  ],
] as const)("PBO, slope and logits of %s", (_, rows, ends, pbo, strict, loses, slope, intercept, logit) => {
  const found = overfitting(blocksOfMatrix(rows, ends));
  near(found.probability, pbo);
  near(found.strict, strict);
  near(found.loses, loses);
  near(found.slope, slope, 1e-8);
  near(found.intercept, intercept, 1e-8);
  expect(found.medianLogit).toBeCloseTo(logit, 10);
});

test("columns in another order, or larger returns, change nothing", () => {
  const rows = lcg(5, 160, 7);
  const of = (some: readonly (readonly number[])[]) => overfitting(blocksOfMatrix(some, every(20, 160)));
  const { probability, slope } = of(rows);
  near(of(rows.map((row) => row.toReversed())).probability, probability);
  near(of(rows.map((row) => row.map((value) => 3 * value))).slope, slope, 1e-8);
});

test.each([
  ["one run", [[{ count: 5, sum: 1, squares: 2 }]]],
  ["an odd number of blocks", blocksOfMatrix(V1, [2, 5, 8])],
  ["runs on other bars", [...blocksOfMatrix(V1, every(2, 8)), ...blocksOfMatrix(V1, [1, 4, 6, 8])]],
])("%s is refused", (_, strategies) => {
  expect(() => overfitting(strategies)).toThrow(/cannot be computed/);
});
