/**
 * Which finalist leads. Each has several draws, and the best draw of all is mostly luck: the middle one decides, lowered
 * by its standard error, so that a finalist whose draws differ much must be better to lead. Sharpe ratios are annual.
 */
import { median, standardDeviation } from "../statistics.ts";

export interface Finalist {
  /** Of its draws, over the same bars; null for one that never traded. */
  readonly sharpes: readonly (number | null)[];
  /** One standard error of its Sharpe ratio because of the market (`sharpeErrorOver`). */
  readonly error: number;
}

/**
 * The figure that orders finalists: the median of the draws minus one standard error; null without a draw. Two chances
 * are independent and add up by their squares, as in comparisons: other days might have come, which more draws do not
 * change, and other draws, which they do. A draw that never traded counts as 0, because leaving it out would flatter. One
 * draw alone has the market's error only, so finalists with one draw and with several are not to be mixed.
 */
export function decisive(sharpes: Finalist["sharpes"], error: number): number | null {
  if (sharpes.length === 0) return null;
  const values = sharpes.map((sharpe) => sharpe ?? 0);
  const drawn = values.length < 2 ? 0 : standardDeviation(values) / Math.sqrt(values.length);
  return median(values) - Math.hypot(error, drawn);
}

/** The leader first, those without a draw last; equals stay in the order given. */
export const leadersFirst = <T extends Finalist>(finalists: readonly T[]): T[] =>
  finalists
    .map((finalist) => ({ finalist, figure: decisive(finalist.sharpes, finalist.error) ?? Number.NEGATIVE_INFINITY }))
    .toSorted((a, b) => (a.figure === b.figure ? 0 : b.figure - a.figure))
    .map(({ finalist }) => finalist);
