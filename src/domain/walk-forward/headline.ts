import { percentText } from "../kinds/words.ts";
import type { WalkForwardResult } from "../kinds/walk-forward.ts";

/** The stitched figures first, never those of the best window. */
export function walkHeadline({ sharpe, t, windows, positive, trades, totalReturn }: WalkForwardResult): string {
  if (trades === 0) return `no trade was made in ${windows.length} windows`;
  const stitched = sharpe === null ? "undefined" : `${sharpe.toFixed(2)} (t ${t?.toFixed(2) ?? "undefined"})`;
  return `${windows.length} windows together: Sharpe ${stitched}, return ${percentText(totalReturn, 2)}, ${positive} of ${windows.length} windows positive, ${trades} trades`;
}
