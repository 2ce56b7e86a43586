/** The equity of a measured run at the ends of its blocks. */
import type { MeasuredBlock, MeasurementResult } from "../kinds/measurement.ts";
import { blockSharpe, deviationOf, pooled, type Block } from "../luck/blocks.ts";

/** A moment of the equity curve, as multiples of the beginning. */
export interface EquityPoint {
  /** YYYY-MM-DD. */
  readonly day: string;
  readonly equity: number;
  /** Holding on the same bars, fully invested and at the run's volatility; null when it is not known. */
  readonly holding: number | null;
  readonly scaled: number | null;
}

/** The beginning, then the end of each block. */
export const equityPoints = ({ begins, blocks }: MeasurementResult): EquityPoint[] => [
  {
    day: begins,
    equity: 1,
    holding: blocks[0]?.holding == null ? null : 1,
    scaled: blocks[0]?.holding?.scaled == null ? null : 1,
  },
  ...blocks.map(({ end, equity, holding }) => {
    return { day: end, equity, holding: holding?.level ?? null, scaled: holding?.scaled ?? null };
  }),
];

/** A block with its beginning and what it returned, compounded. */
export interface BlockReturn {
  readonly from: string;
  readonly to: string;
  readonly return: number;
  /** Share of the starting capital that it won or lost. */
  readonly gain: number;
}

export function blockReturns(result: MeasurementResult): BlockReturn[] {
  const points = equityPoints(result);
  return points.slice(1).flatMap(({ day, equity }, at) => {
    const before = points[at];
    if (before === undefined) return [];
    return [{ from: before.day, to: day, return: equity / before.equity - 1, gain: equity - before.equity }];
  });
}

/** At most so many blocks, neighbours put together so that each holds about as many of them. */
export function merged(blocks: readonly MeasuredBlock[], most: number): MeasuredBlock[] {
  const parts = Math.min(most, blocks.length);
  return Array.from({ length: parts }, (_, at) => {
    const [from, to] = [at, at + 1].map((edge) => Math.round((edge * blocks.length) / parts));
    return joined(blocks.slice(from, to));
  }).filter((block) => block !== null);
}

/** Blocks that follow each other, as one; null of none. */
export function joined(blocks: readonly MeasuredBlock[]): MeasuredBlock | null {
  const last = blocks.at(-1);
  if (last === undefined) return null;
  const held = holdingOf(blocks);
  return {
    ...last,
    ...pooled(blocks),
    holding: last.holding === null || held === null ? null : { ...last.holding, sum: held.sum, squares: held.squares },
  };
}

/** All of holding in these blocks; null when it is not known. */
export function holdingOf(blocks: readonly MeasuredBlock[]): Block | null {
  const held = blocks.flatMap(({ count, holding }) => (holding === null ? [] : [{ count, ...holding }]));
  return held.length === blocks.length ? pooled(held) : null;
}

/** Of the deviation over the whole run; below it only rounding varies. */
const LEAST_DEVIATION = 1e-4;

/** Annual Sharpe ratio of a block; null where it has too few returns, or nothing varies in it. */
export function annualSharpe(block: Block, all: Block, perYear: number): number | null {
  const varies = deviationOf(block) > LEAST_DEVIATION * deviationOf(all);
  const sharpe = blockSharpe(block) * Math.sqrt(perYear);
  return varies && Number.isFinite(sharpe) ? sharpe : null;
}
