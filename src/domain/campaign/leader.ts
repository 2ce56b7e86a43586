/**
 * Which finalist leads. Each has several draws, and the best draw of all is mostly luck: the middle one decides, lowered
 * by its standard error, so that a finalist whose draws differ much must be better to lead. Sharpe ratios are annual.
 */
import { median, standardDeviation } from "../statistics.ts";

export interface Drawn {
  /** Of its draws, over the same bars; null of one that never traded. */
  readonly sharpes: readonly (number | null)[];
  /** One standard error of its Sharpe ratio because of the market (`sharpeErrorOver`). */
  readonly error: number;
}

/** Whether any of these draws traded. */
export const hasTraded = (sharpes: Drawn["sharpes"]): boolean => sharpes.some((sharpe) => sharpe !== null);

/**
 * The figure that orders finalists: the median of the draws minus one standard error; null without a draw that traded. Two chances
 * are independent and add up by their squares, as in comparisons: other days might have come, which more draws do not
 * change, and other draws, which they do. A draw that never traded counts as 0, because leaving it out would flatter.
 */
export function decisive(sharpes: Drawn["sharpes"], error: number): number | null {
  if (!hasTraded(sharpes)) return null;
  const values = sharpes.map((sharpe) => sharpe ?? 0);
  const drawn = values.length < 2 ? 0 : standardDeviation(values) / Math.sqrt(values.length);
  return median(values) - Math.hypot(error, drawn);
}

/**
 * The leader first, those without a draw that traded last; equals stay in the order given. One draw alone has the market's
 * error only, so who has more draws comes before who has fewer, whatever they show.
 */
export const leadersFirst = <T extends Drawn>(finalists: readonly T[]): T[] =>
  finalists
    .map((finalist) => ({
      finalist,
      draws: hasTraded(finalist.sharpes) ? finalist.sharpes.length : 0,
      figure: decisive(finalist.sharpes, finalist.error) ?? 0,
    }))
    .toSorted((a, b) => b.draws - a.draws || b.figure - a.figure)
    .map(({ finalist }) => finalist);
