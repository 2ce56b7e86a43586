/**
 * The rungs of a campaign: all points of a bracket are trained briefly, the best third longer, the best of these as long
 * as the strategy says. No rung is a backtest, so climbing costs trainings and no trial.
 */

/** What one point is trained with on one rung: fresh trainings, each of so many epochs. */
export interface Rung {
  readonly epochs: number;
  readonly draws: number;
}

/** From the shortest trainings to those of the strategy itself. */
export type Ladder = readonly [Rung, ...Rung[]];

/** A point in so many goes on, and is trained so many times as long. */
const THIRD = 3;
const MOST_RUNGS = 3;
/** Points of a bracket: more would wait long for its slowest training. */
export const MOST_POINTS = 27;

/**
 * Up to three rungs, each of about three times the epochs of the one before: 9, 27 and 81 for 81 epochs. The last one has
 * the strategy's own epochs, because its models are those that are backtested. Below 9 epochs there are two, below 3 one.
 * @param last epochs and draws of the last rung, each a whole number of at least 1; other rungs have 1 and 2 draws
 */
export function ladderOf({ epochs, draws }: Rung): Ladder {
  const count = Math.min(MOST_RUNGS, 1 + Math.floor(Math.log(epochs + 0.5) / Math.log(THIRD)));
  const first = Math.max(1, Math.round(epochs / THIRD ** (count - 1)));
  const below = Array.from({ length: count - 1 }, (_, rung) => ({
    epochs: first * THIRD ** rung,
    draws: Math.min(rung + 1, draws),
  }));
  const [lowest, ...others] = below;
  const last = { epochs, draws };
  return lowest === undefined ? [last] : [lowest, ...others, last];
}

/** How many of so many points go on to the next rung: the best third, and never none. */
export const survivors = (count: number): number => Math.max(1, Math.ceil(count / THIRD));

/** Trainings of a bracket that begins with `size` points, over all rungs. */
export function trainingsOfBracket(size: number, ladder: Ladder): number {
  if (size < 1) return 0;
  let [points, trainings] = [size, 0];
  for (const { draws } of ladder) {
    trainings += points * draws;
    points = survivors(points);
  }
  return trainings;
}

/** How many points the largest bracket has that these trainings pay; 0 when they pay none. */
export function bracketSize(trainingsLeft: number, ladder: Ladder, most = MOST_POINTS): number {
  let size = most;
  while (size > 0 && trainingsOfBracket(size, ladder) > trainingsLeft) size -= 1;
  return size;
}
