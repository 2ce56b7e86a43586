import type { StrategyTraits } from "./strategy/traits.ts";

/** A run that has been judged: it failed, or it was backtested on dates its model had not seen. */
export interface JudgedRun {
  readonly jobId: string;
  /** Runs with the same strategy text, market and dates are draws of one idea, and count once. */
  readonly idea: string;
  readonly symbol: string;
  readonly timeframe: string;
  /** What went wrong, in a few words; null when nothing did. */
  readonly failure: string | null;
  readonly traits: StrategyTraits;
}

/** A trait that several failed runs have in common. */
export interface FailurePattern {
  readonly trait: "symbol" | "timeframe" | keyof StrategyTraits;
  readonly value: string;
  readonly failed: number;
  /** All judged runs with the trait, also those that did not fail. */
  readonly tried: number;
  /** `failed` divided by `tried`. */
  readonly share: number;
  /** The newest failed runs with the trait. */
  readonly examples: readonly string[];
}

export interface FailureKind {
  readonly kind: string;
  readonly runs: number;
  readonly examples: readonly string[];
}

const EXAMPLES = 2;

/**
 * One run for each idea. An idea failed when at least half of its draws did.
 * @param runs newest first
 */
export function ideasOf(runs: readonly JudgedRun[]): JudgedRun[] {
  return [...Map.groupBy(runs, ({ idea }) => idea).values()].flatMap((draws) => {
    const failed = draws.filter(({ failure }) => failure !== null);
    const [commonest] = failureKinds(failed);
    const stands =
      2 * failed.length >= draws.length
        ? draws.find(({ failure }) => failure === commonest?.kind)
        : draws.find(({ failure }) => failure === null);
    return stands ?? [];
  });
}

/**
 * Groups failed runs by the traits they share. One failed run is no pattern, and a trait that every run has explains
 * nothing: both are left out. Traits whose runs fail most often come first.
 * @param runs newest first
 */
export function failurePatterns(runs: readonly JudgedRun[]): FailurePattern[] {
  const groups = new Map<string, { trait: FailurePattern["trait"]; value: string; runs: JudgedRun[] }>();
  for (const run of runs) {
    for (const [trait, values] of traitsOfRun(run)) {
      for (const value of values) {
        const key = JSON.stringify([trait, value]);
        const group = groups.get(key) ?? { trait, value, runs: [] };
        group.runs.push(run);
        groups.set(key, group);
      }
    }
  }
  const patterns = [...groups.values()].map(({ trait, value, runs: tried }): FailurePattern => {
    const failed = tried.filter(({ failure }) => failure !== null);
    return {
      trait,
      value,
      failed: failed.length,
      tried: tried.length,
      share: failed.length / tried.length,
      examples: failed.slice(0, EXAMPLES).map(({ jobId }) => jobId),
    };
  });
  return patterns.filter(({ failed, tried }) => failed > 1 && tried < runs.length).toSorted(byWeight);
}

const traitsOfRun = ({ symbol, timeframe, traits }: JudgedRun): [FailurePattern["trait"], readonly string[]][] => [
  ["indicator", traits.indicator],
  ["labels", traits.labels],
  ["architecture", traits.architecture],
  ["symbol", [symbol]],
  ["timeframe", [timeframe]],
];

/** The lower end of Wilson's 95 % interval of the share (Wilson 1927): two of two weigh less than eighteen of twenty. */
function leastShare({ failed, tried }: Pick<FailurePattern, "failed" | "tried">): number {
  const z = 1.96;
  const share = failed / tried;
  const middle = share + z ** 2 / (2 * tried);
  const half = z * Math.sqrt((share * (1 - share)) / tried + z ** 2 / (4 * tried ** 2));
  return (middle - half) / (1 + z ** 2 / tried);
}

const byWeight = (a: FailurePattern, b: FailurePattern): number =>
  leastShare(b) - leastShare(a) || b.failed - a.failed || a.value.localeCompare(b.value);

/** @param runs newest first */
export function failureKinds(runs: readonly JudgedRun[]): FailureKind[] {
  const kinds = Map.groupBy(
    runs.filter(({ failure }) => failure !== null),
    ({ failure }) => failure ?? "",
  );
  return [...kinds]
    .map(([kind, of]) => ({ kind, runs: of.length, examples: of.slice(0, EXAMPLES).map(({ jobId }) => jobId) }))
    .toSorted((a, b) => b.runs - a.runs || a.kind.localeCompare(b.kind));
}
