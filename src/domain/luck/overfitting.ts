/**
 * The Probability of Backtest Overfitting by combinatorially symmetric cross-validation (Bailey, Borwein, López de Prado
 * and Zhu, 2015): in how many splits of the blocks the strategy that is best in one half is no better than the median in
 * the other half. Sharpe ratios are per bar, of a sample.
 */
import { DomainError } from "../errors.ts";
import { mean as average, median } from "../statistics.ts";
import type { Block } from "./blocks.ts";

export interface Overfitting {
  /** Ways to choose half of the blocks. */
  readonly splits: number;
  /** Share of splits whose winner is at most the median elsewhere; about one half for worthless strategies. */
  readonly probability: number;
  /** The same without the splits whose winner is the median itself. */
  readonly strict: number;
  /** Share of splits whose winner loses elsewhere. */
  readonly loses: number;
  /** Least squares of the winner's Sharpe ratio elsewhere on that where it won. */
  readonly slope: number;
  readonly intercept: number;
  /** The median logit of the winner's relative rank elsewhere. */
  readonly medianLogit: number;
}

/** How likely the best of a search may be overfitted. */
export const MOST_OVERFITTING = 0.2;
/** In how many splits the choice may lose elsewhere, when it is no better than the others. */
export const MOST_LOSES = 0.05;

/**
 * Whether the choice of the best is sound (decision 36). Among equally good strategies the order is chance, and the
 * probability of overfitting is about one half, as among worthless ones. What tells them apart is that whichever is
 * chosen earns elsewhere.
 */
export const isSoundChoice = ({ probability, loses }: Pick<Overfitting, "probability" | "loses">): boolean =>
  probability <= MOST_OVERFITTING || loses <= MOST_LOSES;

export const overfittingInShort = ({ probability, loses }: Pick<Overfitting, "probability" | "loses">): string =>
  `chance of overfitting ${(probability * 100).toFixed(0)} %, the choice loses elsewhere in ${(loses * 100).toFixed(0)} % of splits`;

/** For the sums of all strategies over some blocks. */
interface Sums {
  count: number;
  readonly sum: Float64Array;
  readonly squares: Float64Array;
}

/**
 * @param strategies the blocks of each strategy: the same even number of blocks, on the same bars
 * @throws DomainError `invalid_input` below two strategies, for an odd number of blocks, or when their bars differ
 */
export function overfitting(strategies: readonly (readonly Block[])[]): Overfitting {
  const blocks = checked(strategies);
  const all = sumsOf(strategies.length);
  for (const block of blocks) add(all, all, block);
  const winners: { readonly won: number; readonly elsewhere: number; readonly rank: number }[] = [];
  const least = leastVariances(all);
  forEachHalf(blocks, (half) => {
    winners.push(winnerOf(sharpesOf(half, least), sharpesOf(rest(all, half), least)));
  });
  return summary(winners, strategies.length);
}

function checked(strategies: readonly (readonly Block[])[]): Sums[] {
  const [first = []] = strategies;
  const same = strategies.every(
    (blocks) => blocks.length === first.length && blocks.every(({ count }, at) => count === first[at]?.count),
  );
  if (strategies.length < 2 || first.length < 2 || first.length % 2 === 1 || !same) {
    throw new DomainError("invalid_input", {
      what: "The chance of overfitting cannot be computed of these runs.",
      why: `it needs two runs or more, measured at the same ends, with an even number of blocks: here are ${strategies.length} runs of ${[...new Set(strategies.map(({ length }) => length))].join(", ")} blocks`,
      next: "measure all of them with the same points (measure_equity), and call again",
    });
  }
  return first.map(({ count }, at) => ({
    count,
    sum: Float64Array.from(strategies, (blocks) => blocks[at]?.sum ?? Number.NaN),
    squares: Float64Array.from(strategies, (blocks) => blocks[at]?.squares ?? Number.NaN),
  }));
}

const sumsOf = (strategies: number): Sums => ({
  count: 0,
  sum: new Float64Array(strategies),
  squares: new Float64Array(strategies),
});

function add(into: Sums, from: Sums, block: Sums): void {
  into.count = from.count + block.count;
  for (let at = 0; at < into.sum.length; at += 1) {
    into.sum[at] = (from.sum[at] ?? 0) + (block.sum[at] ?? 0);
    into.squares[at] = (from.squares[at] ?? 0) + (block.squares[at] ?? 0);
  }
}

const rest = (all: Sums, half: Sums): Sums => ({
  count: all.count - half.count,
  sum: all.sum.map((sum, at) => sum - (half.sum[at] ?? 0)),
  squares: all.squares.map((squares, at) => squares - (half.squares[at] ?? 0)),
});

/** Visits the sums of each half of the blocks, in lexicographic order. Each level adds to the one above: no rounding adds up. */
function forEachHalf(blocks: readonly Sums[], visit: (half: Sums) => void): void {
  const size = blocks.length / 2;
  const levels = Array.from({ length: size + 1 }, () => sumsOf(blocks[0]?.sum.length ?? 0));
  const choose = (from: number, chosen: number): void => {
    const above = levels[chosen];
    const level = levels[chosen + 1];
    if (above === undefined) return;
    if (level === undefined) {
      visit(above);
      return;
    }
    for (let at = from; at <= blocks.length - (size - chosen); at += 1) {
      const block = blocks[at];
      if (block === undefined) return;
      add(level, above, block);
      choose(at + 1, chosen + 1);
    }
  };
  choose(0, 0);
}

/** Of the variance over all blocks; below it only rounding varies. */
const LEAST_VARIANCE = 1e-9;
const leastVariances = ({ count, squares }: Sums): Float64Array =>
  squares.map((total) => (LEAST_VARIANCE * total) / count);

/** A strategy that was out of the market all the time has 0: it neither won nor lost. */
const sharpesOf = ({ count, sum, squares }: Sums, least: Float64Array): Float64Array =>
  sum.map((total, at) => {
    const variance = ((squares[at] ?? 0) - (total * total) / count) / (count - 1);
    return variance > (least[at] ?? 0) ? total / count / Math.sqrt(variance) : 0;
  });

/** The best of one half, and its rank in the other: 1 is the worst, equals share the mean of their ranks. */
function winnerOf(here: Float64Array, there: Float64Array) {
  let best = 0;
  for (let at = 1; at < here.length; at += 1) if ((here[at] ?? 0) > (here[best] ?? 0)) best = at;
  const elsewhere = there[best] ?? Number.NaN;
  let [below, equal] = [0, 0];
  for (const value of there) {
    if (value < elsewhere) below += 1;
    if (value === elsewhere) equal += 1;
  }
  return { won: here[best] ?? Number.NaN, elsewhere, rank: below + (equal + 1) / 2 };
}

function summary(
  winners: readonly { readonly won: number; readonly elsewhere: number; readonly rank: number }[],
  strategies: number,
): Overfitting {
  const splits = winners.length;
  const logits = winners.map(({ rank }) => Math.log(rank / (strategies + 1 - rank)));
  const share = (found: number) => found / splits;
  const won = average(winners.map((one) => one.won));
  const elsewhere = average(winners.map((one) => one.elsewhere));
  const together = average(winners.map((one) => (one.won - won) * (one.elsewhere - elsewhere)));
  const slope = together / average(winners.map((one) => (one.won - won) ** 2));
  return {
    splits,
    probability: share(logits.filter((logit) => logit <= 0).length),
    strict: share(logits.filter((logit) => logit < 0).length),
    loses: share(winners.filter((one) => one.elsewhere < 0).length),
    slope,
    intercept: elsewhere - slope * won,
    medianLogit: median(logits),
  };
}
