/** Windows that follow each other, as one run: exact sums of KTRDR's own figures of each (`luck/blocks.ts`). */
import { blockSharpe, blocksOf, pooled, type Prefix } from "../luck/blocks.ts";
import { KTRDR_BARS_PER_YEAR } from "../results/bars-per-year.ts";

export interface Stitched {
  /** Returns of all windows. */
  readonly returns: number;
  /** KTRDR's scale: annualised with 252; null when nothing varies. */
  readonly ktrdrSharpe: number | null;
  /** How many standard errors the mean return is above 0; null when nothing varies. */
  readonly t: number | null;
}

export function stitched(windows: readonly Prefix[]): Stitched {
  const all = pooled(windows.flatMap((window) => blocksOf([window])));
  const perBar = all.count < 2 ? Number.NaN : blockSharpe(all);
  if (!Number.isFinite(perBar)) return { returns: all.count, ktrdrSharpe: null, t: null };
  return {
    returns: all.count,
    ktrdrSharpe: perBar * Math.sqrt(KTRDR_BARS_PER_YEAR),
    t: perBar * Math.sqrt(all.count),
  };
}
