/**
 * Whether a champion goes on earning on days after its approval. The evidence may be read at any time and as often as one
 * likes: it is an e-process (normal mixture), which reaches 20 in one of twenty worlds at most when the mean return is 0,
 * whenever one looks (Ville). Assumed: sums of a month, scaled by the volatility of the approved backtest, are about normal.
 */

import { blocksOf, type Prefix } from "../luck/blocks.ts";

/** The returns of some bars that follow each other. */
export interface ForwardBlock {
  readonly count: number;
  readonly sum: number;
}

export interface Forward {
  /** Blocks, months as a rule. */
  readonly blocks: number;
  /** Sum of the blocks, each in its own standard deviations. */
  readonly sum: number;
  /** Evidence that the mean return is not 0; 1 is none. */
  readonly evidence: number;
  /** Below: demotion is proposed to the human. */
  readonly mean: "above 0" | "below 0" | "cannot be told";
}

/** Evidence of 20 is wrong in one of twenty. */
const ENOUGH = 20;
/** How far from 0 the mean of a block is looked for, in its standard deviations. Fixed before anything was seen. */
const MIXED = 0.3;

/** @param volatility standard deviation of the return of one bar, of the approved backtest; above 0 */
export function forwardOf(blocks: readonly ForwardBlock[], volatility: number): Forward {
  const sums = blocks.filter(({ count }) => count > 0).map(({ count, sum }) => sum / (volatility * Math.sqrt(count)));
  const sum = sums.reduce((all, one) => all + one, 0);
  const evidence = evidenceOf(sums.length, sum);
  const side = sum > 0 ? "above 0" : "below 0";
  return { blocks: sums.length, sum, evidence, mean: evidence >= ENOUGH ? side : "cannot be told" };
}

/** The e-process after `n` values with this sum, in standard deviations. */
export function evidenceOf(n: number, sum: number, mixed = MIXED): number {
  const spread = 1 + n * mixed ** 2;
  return Math.exp((mixed ** 2 * sum ** 2) / (2 * spread)) / Math.sqrt(spread);
}

/**
 * The blocks between a champion's watches, which all begin on the day after its approval: each one is a prefix of the next.
 * @param watches as they ended, the shortest first
 */
export function watchedBlocks(watches: readonly Prefix[]): ForwardBlock[] {
  const growing: Prefix[] = [];
  for (const watch of watches) if (watch.returns > (growing.at(-1)?.returns ?? 0)) growing.push(watch);
  return blocksOf(growing);
}

export function forwardText({ blocks, sum, evidence, mean }: Forward): string {
  const told =
    mean === "cannot be told"
      ? `${ENOUGH} would show whether it earns or loses`
      : mean === "above 0"
        ? "it earns"
        : "it loses: its demotion is proposed";
  return `${blocks} blocks of days after its approval are measured. Their sum is ${sum.toFixed(1)} standard deviations, which is evidence of ${evidence.toPrecision(3)}; ${told}.`;
}
