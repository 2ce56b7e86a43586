/**
 * Several measured runs on the same bars: how likely their best is overfitted, and which of them differ by more than
 * chance.
 */
import { DomainError } from "../errors.ts";
import { isBranded } from "../insistence.ts";
import type { MeasurementResult } from "../kinds/measurement.ts";
import { pooled } from "../luck/blocks.ts";
import { holm } from "../luck/holm.ts";
import { overfitting, type Overfitting } from "../luck/overfitting.ts";
import { correlationOf, excessOf, SAME_IDEA } from "./beside-holding.ts";
import { annualSharpe, merged } from "./series.ts";

export interface MeasuredRun {
  /** The measurement. */
  readonly jobId: string;
  readonly result: MeasurementResult;
}

/** Sharpe ratios are annual. */
export interface ComparedMeasured extends MeasuredRun {
  readonly sharpe: number;
  /** Null for the best one. */
  readonly againstBest: {
    readonly difference: number;
    /** Null below six blocks, like the other two. */
    readonly correlation: number | null;
    readonly error: number | null;
    /** Two-sided, by Jobson and Korkie with Memmel's correction, adjusted by Holm over all pairs of the comparison. */
    readonly probability: number | null;
  } | null;
}

export interface MeasuredComparison {
  /** The best first. */
  readonly runs: readonly ComparedMeasured[];
  readonly overfitting: Overfitting;
  /** Blocks that were split, after months were put together. */
  readonly blocks: number;
  /** Pairs of runs that are one idea, by their `jobId`s. */
  readonly alike: readonly (readonly [string, string])[];
}

/** C(16, 8) = 12,870 splits are enough; the paper takes as many. */
const MOST_BLOCKS = 16;
const FEWEST_BLOCKS = 4;

/** @throws DomainError `invalid_input` with the reason why these runs cannot be held against each other */
export function compareMeasured(given: readonly MeasuredRun[]): MeasuredComparison {
  assertComparable(given);
  const rated = given
    .map((run) => {
      const all = pooled(run.result.blocks);
      return { ...run, sharpe: annualSharpe(all, all, run.result.perYear) };
    })
    .toSorted((a, b) => (b.sharpe ?? 0) - (a.sharpe ?? 0));
  const flat = rated.find(({ sharpe }) => sharpe === null);
  if (flat !== undefined) throw incomparable(`the returns of ${flat.jobId} do not vary`);
  const runs = rated.map((run) => ({ ...run, sharpe: run.sharpe ?? 0 }));
  const pairs = pairsOf(runs);
  const count = Math.min(MOST_BLOCKS, 2 * Math.floor((given[0]?.result.blocks.length ?? 0) / 2));
  const [best] = runs;
  return {
    runs: runs.map((run) => {
      const pair = pairs.find(({ first, second }) => first === best?.jobId && second === run.jobId);
      return { ...run, againstBest: pair === undefined ? null : pair.facts };
    }),
    overfitting: overfitting(runs.map(({ result }) => merged(result.blocks, count))),
    blocks: count,
    alike: pairs
      .filter(({ facts }) => (facts.correlation ?? 0) > SAME_IDEA)
      .map(({ first, second }) => [first, second] as const),
  };
}

type Rated = MeasuredRun & { readonly sharpe: number };

function pairsOf(runs: readonly Rated[]) {
  const pairs = runs.flatMap((first, at) =>
    runs.slice(at + 1).map((second) => ({ first, second, ...testOf(first, second) })),
  );
  const adjusted = holm(pairs.map(({ test }) => test?.probability ?? 1));
  return pairs.map(({ first, second, correlation, test }, at) => {
    const facts = {
      difference: first.sharpe - second.sharpe,
      correlation,
      error: test?.error ?? null,
      probability: test === null ? null : (adjusted[at] ?? 1),
    };
    return { first: first.jobId, second: second.jobId, facts };
  });
}

function testOf({ sharpe, result }: Rated, other: Rated) {
  const sums = [result, other.result].map(({ blocks }) => blocks.map(({ sum }) => sum));
  const correlation = correlationOf(sums[0] ?? [], sums[1] ?? []);
  return {
    correlation,
    test: excessOf(sharpe, other.sharpe, correlation, pooled(result.blocks).count, result.perYear),
  };
}

/** Whether a measured run may be held against others: its figures were computed again, and it does not look ahead. */
export const isSound = ({ result }: MeasuredRun): boolean => result.differs.length === 0 && !isBranded(result);

function assertComparable(runs: readonly MeasuredRun[]): void {
  const [first] = runs;
  if (first === undefined || runs.length < 2) throw incomparable("one measurement alone is nothing to choose from");
  for (const { jobId, result } of runs) {
    if (result.differs.length > 0)
      throw incomparable(`${jobId} is not measured: ${result.because ?? "its figures differ"}`);
    if (isBranded(result)) throw incomparable(`${jobId} looks ahead and proves nothing`);
  }
  const repeated = [...Map.groupBy(runs, ({ result }) => result.measures)].find(([, { length }]) => length > 1);
  if (repeated !== undefined) throw incomparable(`${repeated[0]} is measured by ${repeated[1].length} of them`);
  const other = runs.find(({ result }) => barsOf(result) !== barsOf(first.result));
  if (other !== undefined) {
    throw incomparable(
      `${other.jobId} has other bars or points (${placeOf(other)}) than ${first.jobId} (${placeOf(first)})`,
    );
  }
  if (first.result.blocks.length < FEWEST_BLOCKS) {
    throw incomparable(`${first.result.blocks.length} blocks are too few, ${FEWEST_BLOCKS} are needed`);
  }
}

const barsOf = ({ symbol, timeframe, blocks }: MeasurementResult): string =>
  JSON.stringify([symbol, timeframe, blocks.map(({ end, count }) => [end, count])]);

const placeOf = ({ result: { symbol, timeframe, begins, endDate, blocks } }: MeasuredRun): string =>
  `${symbol} ${timeframe}, ${begins} to ${endDate}, ${blocks.length} points`;

export const incomparable = (why: string) =>
  new DomainError("invalid_input", {
    what: "These measurements cannot be compared.",
    why,
    valid: ["two or more measurements of different backtests, on the same market and dates with the same points"],
    next: "measure_equity of each with the same points, and compare those",
  });
