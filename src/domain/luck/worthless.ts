import { LOOKS_AHEAD } from "../insistence.ts";
import type { Caveat } from "../result.ts";
import { BAD_BARS } from "../results/bar-soundness.ts";

/**
 * Why the figures of a backtest prove nothing, however they look; null when nothing is known against them.
 * @param inSample whether its days are among those its model was trained on
 */
export function worthless(
  { caveats, measures }: { readonly caveats: readonly Caveat[]; readonly measures?: string | undefined },
  inSample: boolean | "unknown",
): string | null {
  const has = (wanted: string) => caveats.some(({ code }) => code === wanted);
  if (has(LOOKS_AHEAD)) return "the strategy saw the future";
  if (measures !== undefined) return `it is a prefix that measures ${measures}`;
  if (inSample === true) return "the model was trained on these days";
  return has(BAD_BARS) ? "the bars are bad" : null;
}
