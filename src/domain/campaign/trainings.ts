/** The trainings of points, and the strategies that are trained. */
import type { TrainingRequest } from "../kinds/training.ts";
import { pointStrategy } from "./point-text.ts";
import { ladderFor } from "./reckoning.ts";
import { inOrder } from "./space.ts";
import type { CampaignState, NewPoint, NewRun } from "./state.ts";

/** The trainings of points on a rung, with as many draws as it has. */
export const trainingsOn = (state: CampaignState, points: readonly NewPoint[], rung: number): NewRun[] =>
  points.flatMap((point) => drawsOf(state, point, rung, ladderFor(state.request)[rung]?.draws ?? 1));

/** Trainings of a point on a rung, the failed ones included. */
export const drawsAt = ({ runs }: CampaignState, point: NewPoint, rung: number): number =>
  runs.filter((run) => run.role === "train" && run.point === point.n && run.rung === rung).length;

/** The trainings of a point on a rung that are missing up to so many draws. */
export function drawsOf(state: CampaignState, point: NewPoint, rung: number, draws: number): NewRun[] {
  const from = drawsAt(state, point, rung);
  if (draws <= from) return [];
  const { symbol, timeframe, symbols, insisted, train } = state.request;
  const { name, sha256 } = strategyAt(state, point, rung);
  return Array.from({ length: draws - from }, (_, at): NewRun => {
    const draw = from + at + 1;
    const request: TrainingRequest = {
      kind: "training",
      strategy: name,
      strategySha256: sha256,
      symbol,
      timeframe,
      ...(symbols === undefined ? {} : { symbols }),
      ...(insisted === undefined ? {} : { insisted }),
      ...train,
      draw,
    };
    return { point: point.n, role: "train", rung, draw, request };
  });
}

/** The strategy of a point on a rung. */
export function strategyAt(state: CampaignState, point: Pick<NewPoint, "n" | "values">, rung: number) {
  const { jobId, request, baseText, sha256 } = state;
  const ladder = ladderFor(request);
  // A record keeps no order of keys, and another order would be another text.
  const values = inOrder(point.values);
  return pointStrategy({
    campaignId: jobId,
    baseName: request.strategy,
    baseText,
    dimensions: request.dimensions,
    point: { n: point.n, values },
    epochs: ladder[rung]?.epochs ?? request.epochs,
    rung: rung === ladder.length - 1 ? null : rung,
    sha256,
  });
}
