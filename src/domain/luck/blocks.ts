/**
 * The return series that KTRDR withholds, in blocks. A backtest of the same model from the same start to an earlier end
 * is deterministic. Its Sharpe ratio, volatility and number of returns give the sums up to that end, and the differences
 * of neighbours are the exact sums of the block between.
 */
import { KTRDR_BARS_PER_YEAR } from "../results/bars-per-year.ts";
import { mean } from "../statistics.ts";

/** What a backtest to one end says. Sharpe ratio and volatility are KTRDR's: annual, of a population. */
export interface Prefix {
  readonly returns: number;
  readonly sharpe: number;
  readonly volatility: number;
}

/** Bars that follow each other: how many returns, their sum and the sum of their squares. */
export interface Block {
  readonly count: number;
  readonly sum: number;
  readonly squares: number;
}

const sumsOf = ({ returns, sharpe, volatility }: Prefix): Block => {
  const centre = (sharpe * volatility) / KTRDR_BARS_PER_YEAR;
  return {
    count: returns,
    sum: returns * centre,
    squares: returns * (volatility ** 2 / KTRDR_BARS_PER_YEAR + centre ** 2),
  };
};

/** The blocks between prefixes of the same backtest, the shortest first. */
export function blocksOf(prefixes: readonly Prefix[]): Block[] {
  const sums = prefixes.map(sumsOf);
  return sums.map((sum, at) => {
    const before = sums[at - 1] ?? { count: 0, sum: 0, squares: 0 };
    return { count: sum.count - before.count, sum: sum.sum - before.sum, squares: sum.squares - before.squares };
  });
}

export const pooled = (blocks: readonly Block[]): Block => ({
  count: blocks.reduce((all, { count }) => all + count, 0),
  sum: blocks.reduce((all, { sum }) => all + sum, 0),
  squares: blocks.reduce((all, { squares }) => all + squares, 0),
});

/** Variance of the returns around their mean, with `count - ddof` below. */
const varianceOf = ({ count, sum, squares }: Block, ddof: 0 | 1): number =>
  (squares - sum ** 2 / count) / (count - ddof);

/** Deviation of the returns around their mean, of a population; 0 when only rounding varies. */
export const deviationOf = (block: Block): number => Math.sqrt(Math.max(0, varianceOf(block, 0)));

/** Sharpe ratio per bar, of a sample; NaN when nothing varies. */
export const blockSharpe = (block: Block): number => block.sum / block.count / Math.sqrt(varianceOf(block, 1));

/** Correlation of two series by the sums of the same blocks; NaN when one does not vary. */
export function blockCorrelation(first: readonly number[], second: readonly number[]): number {
  const [a, b] = [centred(first), centred(second)];
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

const centred = (values: readonly number[]): number[] => {
  const centre = mean(values);
  return values.map((value) => value - centre);
};
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, at) => sum + value * (b[at] ?? Number.NaN), 0);

/**
 * The variance of block sums over what independent bars would give. Above 1 + 2 errors the returns follow each other,
 * and the Sharpe ratio of the bars is too high by its root.
 */
export function varianceRatio(blocks: readonly Block[]): { readonly ratio: number; readonly error: number } {
  const sums = centred(blocks.map(({ sum }) => sum));
  const all = pooled(blocks);
  const expected = (all.count / blocks.length) * varianceOf(all, 0);
  return { ratio: dot(sums, sums) / (blocks.length - 1) / expected, error: Math.sqrt(2 / (blocks.length - 1)) };
}
