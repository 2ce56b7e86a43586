/**
 * Tree-structured Parzen estimator (Bergstra, Bardenet, Bengio and Kégl, 2011, Algorithms for hyper-parameter optimization):
 * of the values that were tried, those of the best losses are likely (l) where those of the others are not (g). Each
 * dimension is estimated by itself, and its next value is the candidate, drawn from l, with the highest l / g.
 */
import { lowerTail, normalDensity, normalQuantile } from "../luck/normal.ts";
import type { Dimension } from "./dimension.ts";
import type { Random } from "./seeded-random.ts";
import { LAST_UNIT, rangeOf, unitOf, valueAt, valuesIn } from "./space.ts";

const CANDIDATES = 24;
/** Of all that was observed, this share counts as good. */
const GOOD_SHARE = 0.15;
/** But no more, and so many of the others. */
const MOST_GOOD = 25;
const MOST_OTHERS = 200;
/** However many are known, no kernel is narrower. */
const NARROWEST = 0.01;

/**
 * @param observed points that were tried, the best first, at least two: a coordinate for each dimension, 0 <= u < 1
 * @returns what draws the coordinates of a next point, each 0 <= u < 1 and the middle of its share
 */
export function parzenProposer(
  dimensions: readonly Dimension[],
  observed: readonly (readonly number[])[],
): (random: Random) => number[] {
  const goodCount = Math.min(MOST_GOOD, Math.ceil(GOOD_SHARE * observed.length));
  const good = observed.slice(0, goodCount);
  const others = thinned(observed.slice(goodCount));
  const axes = dimensions.map((dimension, axis) => {
    const estimate = rangeOf(dimension).kind === "choice" ? countedShares : parzenEstimate;
    const along = (points: readonly (readonly number[])[]) =>
      estimate(
        points.map((units) => units[axis] ?? 0),
        valuesIn(dimension),
      );
    return { dimension, likely: along(good), other: along(others) };
  });
  return (random) =>
    axes.map(({ dimension, likely, other }) => {
      let [best, bestRatio] = [0, Number.NEGATIVE_INFINITY];
      for (let candidate = 0; candidate < CANDIDATES; candidate += 1) {
        const unit = unitOf(dimension, valueAt(dimension, likely.draw(random)));
        const ratio = likely.density(unit) / other.density(unit);
        if (ratio > bestRatio) [best, bestRatio] = [unit, ratio];
      }
      return best;
    });
}

/** Some of them, from the best to the worst, so that a long search asks no more of a workflow than a short one. */
function thinned<T>(items: readonly T[]): readonly T[] {
  const step = Math.ceil(items.length / MOST_OTHERS);
  return items.filter((_, at) => at % step === 0);
}

interface Estimate {
  readonly density: (unit: number) => number;
  readonly draw: (random: Random) => number;
}

/** Normal kernels within 0 and 1: one at each unit, and a wide one in the middle, for what is not known. */
function parzenEstimate(units: readonly number[], values: number | null): Estimate {
  const narrowest = Math.max(NARROWEST, 1 / (1 + units.length), values === null ? 0 : 0.5 / values);
  const sorted = units.toSorted((a, b) => a - b);
  // As wide as the way to the farther neighbour.
  const kernels = sorted.map((centre, at) => {
    const reach = Math.max(centre - (sorted[at - 1] ?? 0), (sorted[at + 1] ?? 1) - centre);
    return kernel(centre, Math.max(narrowest, reach));
  });
  const unknown = kernel(0.5, 1);
  const all = [unknown, ...kernels];
  return {
    density: (unit) => all.reduce((sum, { density }) => sum + density(unit), 0) / all.length,
    draw: (random) => (all[Math.floor(random() * all.length)] ?? unknown).draw(random),
  };
}

function kernel(centre: number, width: number): Estimate {
  const below = lowerTail(-centre / width);
  const inside = lowerTail((1 - centre) / width) - below;
  return {
    density: (unit) => normalDensity((unit - centre) / width) / (width * inside),
    draw: (random) => {
      const unit = centre + width * normalQuantile(below + inside * Math.max(random(), Number.EPSILON));
      return Math.min(LAST_UNIT, Math.max(0, unit));
    },
  };
}

/** How often each choice was made, and once more, for what is not known. */
function countedShares(units: readonly number[], values: number | null): Estimate {
  const choices = values ?? 1;
  const counts = Array.from({ length: choices }, () => 1);
  const choiceOf = (unit: number) => Math.floor(unit * choices);
  for (const unit of units) counts[choiceOf(unit)] = (counts[choiceOf(unit)] ?? 0) + 1;
  const total = units.length + choices;
  return {
    density: (unit) => (counts[choiceOf(unit)] ?? 0) / total,
    draw: (random) => {
      let left = random() * total;
      const choice = counts.findIndex((count) => (left -= count) < 0);
      return (Math.max(0, choice) + 0.5) / choices;
    },
  };
}
