/** How far the points of a campaign climbed: their losses on each rung, and who goes on. */
import { median, standardDeviation } from "../statistics.ts";
import type { BracketEnd } from "./plateau.ts";
import { survivors } from "./rungs.ts";
import { canonical, labelDimensions, nameOf } from "./space.ts";
import type { CampaignRun, CampaignState, NewPoint } from "./state.ts";

type Climbed = Pick<CampaignState, "points" | "runs">;

/** Validation losses of the models of a point's trainings on a rung, by draw. */
export function lossesOn(runs: readonly CampaignRun[], point: number, rung: number): number[] {
  return runs
    .filter((run) => run.role === "train" && run.point === point && run.rung === rung)
    .flatMap(({ figures }) => figures?.loss ?? []);
}

export interface Ranked {
  readonly point: NewPoint;
  /** The median over its draws. */
  readonly loss: number;
}

/** Points that left a model on a rung, the lowest median loss first; equal ones in the order of their numbers. */
export function rankedOn({ runs }: Pick<Climbed, "runs">, points: readonly NewPoint[], rung: number): Ranked[] {
  return points
    .flatMap((point) => {
      const losses = lossesOn(runs, point.n, rung);
      return losses.length === 0 ? [] : [{ point, loss: median(losses) }];
    })
    .toSorted((a, b) => a.loss - b.loss || a.point.n - b.point.n);
}

/** Tells the label setting of a point: losses of one setting only can be compared. */
export function settingBy({ dimensions }: Pick<CampaignState["request"], "dimensions">) {
  const labels = labelDimensions(dimensions).map(nameOf);
  return ({ values }: Pick<NewPoint, "values">): string => canonical(labels.map((name) => values[name] ?? null));
}

/**
 * The best points on a rung. Losses of different labels cannot be compared: the best of each label setting come in turn.
 */
export function bestInTurn(state: Climbed & Pick<CampaignState, "request">, rung: number): NewPoint[] {
  const settingOf = settingBy(state.request);
  const groups = Map.groupBy(rankedOn(state, state.points, rung), ({ point }) => settingOf(point));
  return [...groups.values()]
    .flatMap((group) => group.map(({ point }, place) => ({ point, place })))
    .toSorted((a, b) => a.place - b.place || a.point.n - b.point.n)
    .map(({ point }) => point);
}

/** The points of a bracket that go on from a rung: the best third of those that left a model. */
export function goingOn(state: Climbed, bracket: number, rung: number): readonly NewPoint[] {
  const ranked = rankedOn(
    state,
    state.points.filter((point) => point.bracket === bracket),
    rung,
  );
  return ranked.slice(0, ranked.length === 0 ? 0 : survivors(ranked.length)).map(({ point }) => point);
}

/** How far each bracket came that reached the last rung, in their order. */
export function bracketEnds(state: Climbed, brackets: readonly number[], lastRung: number): BracketEnd[] {
  return brackets.flatMap((bracket) => {
    const [best] = rankedOn(
      state,
      state.points.filter((point) => point.bracket === bracket),
      lastRung,
    );
    if (best === undefined) return [];
    const losses = lossesOn(state.runs, best.point.n, lastRung);
    return [{ best: best.loss, spread: losses.length < 2 ? 0 : standardDeviation(losses) }];
  });
}
