import { LOOKS_AHEAD } from "../insistence.ts";
import type { Caveat } from "../result.ts";
import { BAD_BARS } from "../results/bar-soundness.ts";

interface Weighed {
  readonly caveats: readonly Caveat[];
  readonly measures?: string | undefined;
  readonly walks?: string | undefined;
  readonly watches?: string | undefined;
}

/**
 * Why the figures of a backtest prove nothing, however they look, the gravest reason first; empty when nothing is known
 * against them.
 * @param inSample whether its days are among those its model was trained on
 */
export function reasonsWorthless(
  { caveats, measures, walks, watches }: Weighed,
  inSample: boolean | "unknown",
): string[] {
  const has = (wanted: string) => caveats.some(({ code }) => code === wanted);
  const reasons = [
    has(LOOKS_AHEAD) ? "the strategy saw the future" : null,
    measures === undefined ? null : `it is a prefix that measures ${measures}`,
    walks === undefined ? null : "it is a window of a walk-forward",
    watches === undefined ? null : "it watches a champion",
    inSample === true ? "the model was trained on these days (in-sample)" : null,
    has(BAD_BARS) ? "the bars are bad" : null,
  ];
  return reasons.filter((reason) => reason !== null);
}

/** The gravest of these reasons; null when there is none. */
export const worthless = (result: Weighed, inSample: boolean | "unknown"): string | null =>
  reasonsWorthless(result, inSample)[0] ?? null;
