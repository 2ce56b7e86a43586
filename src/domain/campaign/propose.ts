/**
 * Which points of a space are tried next. Everything follows from the arguments, so a workflow may ask again; points that
 * were tried are told by `isTaken`, and no answer names one of them, or one twice.
 */
import type { Dimension, Point } from "./dimension.ts";
import { haltonSequence } from "./halton.ts";
import { seededRandom } from "./seeded-random.ts";
import { MOST_SHUFFLED, shuffledIndex } from "./shuffled-index.ts";
import { nameOf, pointAt, pointKey, sizeOfSpace, unitOf, valuesIn } from "./space.ts";
import { parzenProposer } from "./tpe.ts";

/** So many points of a sequence in a row that are taken mean that the space has no others. */
const MOST_TAKEN = 20_000;
/** Draws for each point before it is taken from the spread instead. */
const MOST_DRAWS = 20;
/** One of so many adaptive points is spread nevertheless: what was good first must not hide the rest. */
const SPREAD_ONE_IN = 4;
const FEWEST_OBSERVED = 8;

export interface Wish {
  readonly dimensions: readonly Dimension[];
  /** Values of some dimensions, which all points get: one of labelSettings. */
  readonly fixed: Point;
  /** Whole, of 32 bits. Settings with the same seed try the same values of the other dimensions. */
  readonly seed: number;
  /** Fewer points are given when the space has no more. */
  readonly count: number;
  /** By pointKey. */
  readonly isTaken: (key: string) => boolean;
}

export interface AdaptiveWish extends Wish {
  /** From 0 on; each has its own chance. */
  readonly round: number;
  /** What was tried, with its loss; points of other settings do not count, nor does their order. */
  readonly observed: readonly { readonly point: Point; readonly loss: number }[];
}

/** Points all over the space: each point of a finite one once, in a shuffled order, else a Halton sequence. */
export function spread({ dimensions, fixed, seed, count, isTaken }: Wish): readonly Point[] {
  const free = freeOf(dimensions, fixed);
  const size = sizeOfSpace(free) ?? Number.POSITIVE_INFINITY;
  const counted = size <= MOST_SHUFFLED;
  const unitsAt = counted
    ? (index: number) => sharesAt(free, shuffledIndex(index, size, seed))
    : haltonSequence(free.length, seed);
  const points = new Map<string, Point>();
  let next = 0;
  let misses = 0;
  while (points.size < count && (counted ? next < size : misses < MOST_TAKEN)) {
    const point = pointAt(free, unitsAt(next), fixed);
    const key = pointKey(point);
    next += 1;
    misses += 1;
    if (points.has(key) || isTaken(key)) continue;
    points.set(key, point);
    misses = 0;
  }
  return [...points.values()];
}

/**
 * Points where losses were low, by a Parzen estimator (tpe.ts), and every fourth one from the spread; all of them from
 * there while fewer points were observed than 8, or than twice the dimensions.
 */
export function adaptive(wish: AdaptiveWish): readonly Point[] {
  const { dimensions, fixed, seed, round, count, isTaken } = wish;
  const free = freeOf(dimensions, fixed);
  const observed = bestFirst(wish, free);
  const points = new Map<string, Point>();
  const isKnown = (key: string) => points.has(key) || isTaken(key);
  const fill = (to: number) => {
    const rest = spread({ dimensions, fixed, seed, count: to - points.size, isTaken: isKnown });
    for (const point of rest) points.set(pointKey(point), point);
  };
  if (observed.length < Math.max(FEWEST_OBSERVED, 2 * free.length)) {
    fill(count);
    return [...points.values()];
  }
  fill(spreadBefore((round + 1) * count) - spreadBefore(round * count));
  const propose = parzenProposer(free, observed);
  const random = seededRandom(seed, round);
  for (let draws = MOST_DRAWS * count; draws > 0 && points.size < count; draws -= 1) {
    const point = pointAt(free, propose(random), fixed);
    const key = pointKey(point);
    if (!isKnown(key)) points.set(key, point);
  }
  fill(count);
  return [...points.values()];
}

/** How many of the first `points` adaptive ones are from the spread; the first of all is not. */
const spreadBefore = (points: number): number => Math.floor(points / SPREAD_ONE_IN);

const freeOf = (dimensions: readonly Dimension[], fixed: Point): Dimension[] =>
  dimensions.filter((dimension) => !Object.hasOwn(fixed, nameOf(dimension)));

/** The middle of each dimension's share, for the point with this number. */
function sharesAt(dimensions: readonly Dimension[], number: number): number[] {
  let left = number;
  return dimensions.map((dimension) => {
    const values = valuesIn(dimension) ?? 1;
    const at = left % values;
    left = Math.floor(left / values);
    return (at + 0.5) / values;
  });
}

/**
 * The coordinates of what was observed of this setting. Equal losses are in the order of their points; one that is no
 * number is the worst.
 */
function bestFirst({ observed, fixed }: AdaptiveWish, free: readonly Dimension[]): readonly (readonly number[])[] {
  const setting = pointKey(fixed);
  const names = Object.keys(fixed);
  const isOfSetting = (point: Point) =>
    pointKey(Object.fromEntries(names.map((name) => [name, point[name] ?? null]))) === setting;
  return observed
    .filter(({ point }) => isOfSetting(point))
    .map(({ point, loss }) => ({
      key: pointKey(point),
      units: free.map((dimension) => unitOf(dimension, point[nameOf(dimension)] ?? null)),
      loss: Number.isFinite(loss) ? loss : Number.POSITIVE_INFINITY,
    }))
    .toSorted((a, b) => (a.loss === b.loss ? (a.key < b.key ? -1 : 1) : a.loss - b.loss))
    .map(({ units }) => units);
}
