/** The first half of a campaign: brackets of points that climb by their validation loss. It costs hours and no trial. */
import type { CampaignStop } from "../kinds/campaign.ts";
import { stopOfSteps, trainingsOver } from "./bounds.ts";
import { bracketEnds, goingOn } from "./climb.ts";
import { isFinished, narrowed } from "./orders.ts";
import { isPlateau, plateauText } from "./plateau.ts";
import { bracketsOf, proposed, waitingSuggestions, type Judge } from "./proposals.ts";
import {
  bracketTrainingsLeft,
  climbSteps,
  FEWEST_POINTS,
  finalistsPaid,
  ladderFor,
  paceOf,
  trialsLeft,
} from "./reckoning.ts";
import { bracketSize, MOST_POINTS } from "./rungs.ts";
import { canonical, labelDimensions, labelSettings, nameOf } from "./space.ts";
import { budgetOf, hasFailed, type CampaignState, type Plan } from "./state.ts";
import { trainingsOn } from "./trainings.ts";

/** The rung after a rung that has ended, or why there is none; null when nobody goes on. */
export function nextRung(state: CampaignState, bracket: number, rung: number): Plan | CampaignStop | null {
  const stop = stopOfStep(state);
  if (stop !== null) return stop;
  const next = rung + 1;
  if (next >= ladderFor(state.request).length) return null;
  const points = goingOn(state, bracket, rung);
  const { size: count, stop: short } = largest(state, points.length, next);
  if (points.length === 0 || count === 0) return short;
  const runs = trainingsOn(state, points.slice(0, count), next);
  return { stage: "rung", bracket, rung: next, stop: null, points: [], runs };
}

/** The next bracket, or why there is none. */
export function nextBracket(state: CampaignState, judge: Judge): Plan | CampaignStop {
  const stop = stopOfStep(state) ?? plateau(state);
  if (stop !== null) return stop;
  const most = bracketSize(bracketTrainingsLeft(state), ladderFor(state.request), mostPoints(state));
  if (most === 0) return trainingsOver(state);
  const { size, stop: short } = largest(state, most, 0);
  if (short !== null && size === 0) return short;
  const points = proposed(state, size, judge);
  const valid = points.filter(({ refused }) => refused === null);
  if (valid.length === 0) {
    const [example] = points;
    const why =
      example === undefined
        ? "every point of the space was trained"
        : `no further point is valid (${example.refused ?? ""})`;
    return { reason: "space", says: `The search ended: ${why}.` };
  }
  const runs = trainingsOn({ ...state, points: [...state.points, ...points] }, valid, 0);
  return { stage: "rung", bracket: bracketsOf(state).length, rung: 0, stop: null, points, runs };
}

/**
 * More suggestions than that wait for the next bracket. While nobody knows how long a training takes, few of them cannot
 * pass the hours or the deadline by much.
 */
function mostPoints(state: CampaignState): number {
  const { hours, deadline } = budgetOf(state);
  return (hours !== null || deadline !== null) && paceOf(state).anEpoch === 0 ? FEWEST_POINTS : MOST_POINTS;
}

/** How many of so many points may climb from a rung on, and why no more may. */
function largest(state: CampaignState, most: number, from: number) {
  let [size, stop]: [number, CampaignStop | null] = [most, null];
  while (size > 0) {
    const short = stopOfSteps(state, climbSteps(state, size, from));
    if (short === null) break;
    stop = short;
    size -= 1;
  }
  return { size, stop };
}

/** Why no further step of the search may begin, whatever it costs. */
function stopOfStep(state: CampaignState): CampaignStop | null {
  if (isFinished(state.orders)) return { reason: "operator", says: "The search was told to finish." };
  if (finalistsPaid(state.request, Math.max(0, trialsLeft(state))) === 0) {
    const says =
      "The search ended: the budget of trials, or the operator's limit on the symbol, pays no finalist any more.";
    return { reason: "trials", says };
  }
  return failures(state);
}

/** Whether more of each label setting that is still searched would bring nothing. What was suggested is tried first. */
function plateau(state: CampaignState): CampaignStop | null {
  const { request, orders } = state;
  const lastRung = ladderFor(request).length - 1;
  const ends = labelSettings(narrowed(request.dimensions, orders)).map((setting) =>
    bracketEnds(state, bracketsBySetting(state).get(canonical(setting)) ?? [], lastRung),
  );
  if (ends.length === 0 || !ends.every(isPlateau) || waitingSuggestions(state).length > 0) return null;
  return { reason: "plateau", says: plateauText(ends) };
}

/** Brackets whose losses can be compared. */
function bracketsBySetting({ request, points }: CampaignState): ReadonlyMap<string, readonly number[]> {
  const names = labelDimensions(request.dimensions).map(nameOf);
  const groups = Map.groupBy(points, ({ values }) =>
    canonical(Object.fromEntries(names.map((name) => [name, values[name] ?? null]))),
  );
  return new Map([...groups].map(([setting, group]) => [setting, [...new Set(group.map(({ bracket }) => bracket))]]));
}

/** So many failed trainings of one step, and at least half of them, are no accident. */
const MANY_FAILED = 3;

function failures({ steps, runs }: CampaignState): CampaignStop | null {
  const last = steps.at(-1)?.step;
  const trained = runs.filter(({ step, role }) => step === last && role === "train");
  const failed = trained.filter((run) => hasFailed(run, true));
  if (failed.length < MANY_FAILED || 2 * failed.length < trained.length) return null;
  return {
    reason: "failures",
    says: `The search ended: ${failed.length} of ${trained.length} trainings of one step failed.`,
  };
}
