/** What follows a search that ended: more trainings of the points that may become finalists. It costs no trial. */
import type { CampaignStop } from "../kinds/campaign.ts";
import { stopOfSteps } from "./bounds.ts";
import { bestInTurn } from "./climb.ts";
import { finalistsPaid, ladderFor, trialsLeft } from "./reckoning.ts";
import type { CampaignState, NewPoint, Plan } from "./state.ts";
import { drawsAt, drawsOf } from "./trainings.ts";

/** More draws of one point say little more. */
const MOST_REDRAWS = 10;
/** Who ends a search early, or cannot test what it found, wants no more of it. */
const NO_REDRAW: ReadonlySet<string> = new Set(["operator", "failures", "trials"]);

/**
 * More trainings of the best points, for which an adaptive search keeps a part of its budget; where no point has had all
 * epochs yet, those of the best ones. Null when there are none, or no budget for them.
 * @param stop why the search ended
 */
export function redraw(state: CampaignState, stop: CampaignStop): Plan | null {
  const lastRung = ladderFor(state.request).length - 1;
  const best = bestInTurn(state, lastRung).slice(0, 2 * state.request.finalists);
  if (best.length === 0) return lifted(state, stop);
  if (state.request.method === "spread" || NO_REDRAW.has(stop.reason)) return null;
  for (let each = MOST_REDRAWS; each > 0; each -= 1) {
    const plan = drawnAgain(state, stop, best, each);
    if (plan !== null) return plan;
  }
  return null;
}

/** The best points of the highest rung that any reached are trained as the last one asks. */
function lifted(state: CampaignState, stop: CampaignStop): Plan | null {
  if (stop.reason === "failures") return null;
  const ladder = ladderFor(state.request);
  const ranked = ladder.map((_, rung) => bestInTurn(state, rung)).findLast(({ length }) => length > 0) ?? [];
  const count = finalistsPaid(state.request, Math.max(0, trialsLeft(state)));
  for (let best = ranked.slice(0, count); best.length > 0; best = best.slice(0, -1)) {
    const plan = drawnAgain(state, stop, best, ladder.at(-1)?.draws ?? 1);
    if (plan !== null) return plan;
  }
  return null;
}

/** Null when the budgets do not pay so many draws. */
function drawnAgain(state: CampaignState, stop: CampaignStop, points: readonly NewPoint[], each: number): Plan | null {
  const rung = ladderFor(state.request).length - 1;
  const planned = Array.from({ length: points.length * each }, () => ({ role: "train" as const, rung }));
  if (stopOfSteps(state, [planned]) !== null) return null;
  const runs = points.flatMap((point) => drawsOf(state, point, rung, drawsAt(state, point, rung) + each));
  return { stage: "redraw", bracket: null, rung, stop, points: [], runs };
}
