/** The points of a campaign's next bracket. */
import { isDomainError } from "../errors.ts";
import { rankedOn } from "./climb.ts";
import type { Dimension, Point } from "./dimension.ts";
import { withinSpace } from "./inside.ts";
import { narrowed } from "./orders.ts";
import { adaptive, spread } from "./propose.ts";
import { ladderFor } from "./reckoning.ts";
import { canonical, labelSettings, pointKey } from "./space.ts";
import type { CampaignState, NewPoint } from "./state.ts";
import { strategyAt } from "./trainings.ts";

/** Says why a point is no valid strategy; null when it is one. */
export type Judge = (text: string, name: string) => string | null;

/** A bracket is looked for among so many times its size of points, when many of them are no valid strategy. */
const ATTEMPTS = 10;

export const bracketsOf = ({ points }: Pick<CampaignState, "points">): number[] => [
  ...new Set(points.map(({ bracket }) => bracket)),
];

/**
 * Points until so many are valid, or none is left: what was suggested first. All of one label setting, so that losses
 * compare; a setting without a valid point that is left gives its turn to the next.
 */
export function proposed(state: CampaignState, size: number, judge: Judge): NewPoint[] {
  let none: NewPoint[] = [];
  for (const fixed of settingsInTurn(state)) {
    const found = proposedIn(state, fixed, size, judge);
    if (found.some(({ refused }) => refused === null)) return found;
    if (none.length === 0) none = found;
  }
  return none;
}

/** That of the oldest suggestion that waits comes first. */
function settingsInTurn(state: CampaignState): Point[] {
  const settings = labelSettings(narrowed(state.request.dimensions, state.orders));
  const turn = bracketsOf(state).length % Math.max(1, settings.length);
  const [waiting] = waitingSuggestions(state);
  const isFirst = (fixed: Point) => waiting !== undefined && isOfSetting(waiting, fixed);
  const inTurn = [...settings.slice(turn), ...settings.slice(0, turn)];
  return [...inTurn.filter(isFirst), ...inTurn.filter((fixed) => !isFirst(fixed))];
}

/** What was suggested, was not tried, and is of a label setting that is still searched; the oldest first. */
export function waitingSuggestions({ request, orders, points }: CampaignState): Point[] {
  const settings = labelSettings(narrowed(request.dimensions, orders));
  const tried = new Set(points.map(({ values }) => pointKey(values)));
  return orders
    .flatMap(({ order }) => (order.kind === "suggest" ? order.points : []))
    .filter((values) => !tried.has(pointKey(values)) && settings.some((fixed) => isOfSetting(values, fixed)));
}

const isOfSetting = (values: Point, fixed: Point): boolean =>
  Object.entries(fixed).every(([name, value]) => canonical(values[name] ?? null) === canonical(value));

function proposedIn(state: CampaignState, fixed: Point, size: number, judge: Judge): NewPoint[] {
  const { request, orders, points } = state;
  const dimensions: readonly Dimension[] = narrowed(request.dimensions, orders);
  const bracket = bracketsOf(state).length;
  const taken = new Set(points.map(({ values }) => pointKey(values)));
  const found: NewPoint[] = [];
  const missing = () => size - found.filter(({ refused }) => refused === null).length;
  const take = (values: Point, origin: NewPoint["origin"]) => {
    if (missing() === 0 || taken.has(pointKey(values))) return;
    taken.add(pointKey(values));
    const point = { n: points.length + found.length, bracket, origin, values, refused: null };
    found.push({ ...point, refused: refusalOf(state, point, judge) });
  };
  for (const values of waitingSuggestions(state)) if (isOfSetting(values, fixed)) take(values, "suggested");
  const asked = { dimensions, fixed, seed: request.seed, isTaken: (key: string) => taken.has(key) };
  if (request.method === "adaptive" && missing() > 0) {
    const observed = observedOf(state, fixed);
    for (const values of adaptive({ ...asked, round: bracket, count: missing(), observed })) take(values, "adaptive");
  }
  while (missing() > 0 && found.length < ATTEMPTS * size) {
    const more = spread({ ...asked, count: missing() });
    if (more.length === 0) break;
    for (const values of more) take(values, "spread");
  }
  return found;
}

function refusalOf(state: CampaignState, point: NewPoint, judge: Judge): string | null {
  try {
    const { name, text } = strategyAt(state, point, ladderFor(state.request).length - 1);
    return judge(text, name);
  } catch (error) {
    if (isDomainError(error)) return error.message;
    throw error;
  }
}

/**
 * All points of this label setting that left a model: who climbed farther is better, then who has the lower loss there.
 * Those of one high rung alone would not do: all of them are good, and where none is, nobody would see it.
 */
function observedOf(state: CampaignState, fixed: Point) {
  const { points, request, orders } = state;
  const dimensions = narrowed(request.dimensions, orders);
  const alike = points.filter(({ values }) => withinSpace(dimensions, values) === null && isOfSetting(values, fixed));
  const climbed = ladderFor(request)
    .map((_, rung) => rankedOn(state, alike, rung))
    .toReversed();
  const farthest = new Map(climbed.flatMap((ranked) => ranked.map(({ point }) => [point.n, point] as const)));
  return [...farthest.values()].map(({ values }, place) => ({ point: values, loss: place }));
}
