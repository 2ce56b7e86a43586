/**
 * The points of a campaign by the value of one dimension: where low validation losses lie. Losses of different label
 * settings cannot be compared, and each setting is told by itself.
 */
import type { CampaignRequest } from "../kinds/campaign.ts";
import { median } from "../statistics.ts";
import type { Dimension, JsonValue, Point } from "./dimension.ts";
import { ladderFor } from "./reckoning.ts";
import { canonical, labelDimensions, nameOf } from "./space.ts";
import type { CampaignRecord } from "./state.ts";

/** A point that left a model. */
export interface SeenPoint {
  /** 0-based number of the point. */
  readonly n: number;
  readonly values: Point;
  readonly suggested: boolean;
  /** Median validation loss of its models on each rung that it reached, in the order of the rungs. Never empty. */
  readonly losses: readonly number[];
}

export interface LabelSetting {
  /** Values of the label dimensions by their names; empty when there are none. */
  readonly setting: Point;
  readonly points: readonly SeenPoint[];
}

type Seen = Pick<CampaignRecord, "points" | "runs"> & { readonly request: CampaignRequest };

/** Points that left a model, those of one label setting together, in the order in which they were proposed. */
export function seenPoints({ request, points, runs }: Seen): readonly LabelSetting[] {
  const losses = lossesByPoint(runs);
  const rungs = ladderFor(request).map((_, rung) => rung);
  const labels = labelDimensions(request.dimensions).map(nameOf);
  const seen = points.flatMap(({ n, values, origin }): SeenPoint[] => {
    const onRungs = rungs.flatMap((rung) => {
      const own = losses.get(`${n}.${rung}`) ?? [];
      return own.length === 0 ? [] : [median(own)];
    });
    return onRungs.length === 0 ? [] : [{ n, values, suggested: origin === "suggested", losses: onRungs }];
  });
  const settingOf = ({ values }: SeenPoint): Point =>
    Object.fromEntries(labels.map((name) => [name, values[name] ?? null]));
  return [...Map.groupBy(seen, (point) => canonical(settingOf(point))).values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ setting: settingOf(first), points: group }];
  });
}

function lossesByPoint(runs: Seen["runs"]): ReadonlyMap<string, readonly number[]> {
  const losses = new Map<string, number[]>();
  for (const { role, point, rung, figures } of runs) {
    if (role !== "train" || figures?.loss == null) continue;
    const key = `${point}.${rung}`;
    losses.set(key, [...(losses.get(key) ?? []), figures.loss]);
  }
  return losses;
}

/** Dimensions whose values can be held against each other by their losses: all but those that change the labels. */
export function slicedDimensions(dimensions: readonly Dimension[]): readonly Dimension[] {
  const labels = new Set(labelDimensions(dimensions));
  return dimensions.filter((dimension) => !labels.has(dimension));
}

export interface LowValues {
  readonly points: number;
  readonly middle: number;
  /** At least half of the values lie between them. */
  readonly from: number;
  readonly to: number;
}

/** The values of the third with the lowest losses on the first rung, on which all were trained alike. Not for choices. */
export function lowValues(name: string, points: readonly SeenPoint[]): LowValues {
  const ranked = points.toSorted((a, b) => (a.losses[0] ?? 0) - (b.losses[0] ?? 0) || a.n - b.n);
  const third = ranked.slice(0, Math.ceil(ranked.length / 3)).map(({ values }) => Number(values[name]));
  const sorted = third.toSorted((a, b) => a - b);
  const last = sorted.length - 1;
  const at = (place: number) => sorted[place] ?? Number.NaN;
  return {
    points: sorted.length,
    middle: at(Math.floor(last / 2)),
    from: at(Math.floor(last / 4)),
    to: at(Math.ceil((3 * last) / 4)),
  };
}

/** Median loss on the first rung of the points with each value of a choice, in the order of the choice. */
export const lossesOfChoice = (name: string, choice: readonly JsonValue[], points: readonly SeenPoint[]) =>
  choice.flatMap((value) => {
    const own = points.filter(({ values }) => canonical(values[name] ?? null) === canonical(value));
    const losses = own.flatMap((point) => point.losses[0] ?? []);
    return losses.length === 0 ? [] : [{ value, points: own.length, loss: median(losses) }];
  });
