/** What a finalist is examined by, and whether all finalists were. */
import type { CampaignStop } from "../kinds/campaign.ts";
import { measurableEnds } from "../measured/measurable.ts";
import { paysCosts, POINTS_MEASURED } from "./reckoning.ts";
import { hasFailed, type CampaignRun, type CampaignState, type NewPoint } from "./state.ts";
import { middleDraw, testsOf } from "./tested.ts";

type Proof = Extract<CampaignRun["role"], "costs" | "walk" | "measure">;

/** @param middle the backtest of the draw in the middle; null when none completed. One without trades is not measured. */
export function proofsExpected(request: CampaignState["request"], middle: CampaignRun | null): Proof[] {
  const isMeasured = middle?.figures?.trades !== 0 && measurableEnds(request, POINTS_MEASURED) !== null;
  return [
    ...(paysCosts(request) ? (["costs"] as const) : []),
    ...(request.walk === null ? [] : (["walk"] as const)),
    ...(isMeasured ? (["measure"] as const) : []),
  ];
}

/** How a campaign ends when nothing of its finalists is left to begin: what failed is told. */
export function finishedStop({ request, runs }: CampaignState, points: readonly NewPoint[]): CampaignStop {
  const expected = points.reduce((sum, { n }) => {
    const proofs = proofsExpected(request, middleDraw(testsOf(runs, n)));
    return sum + request.draws + proofs.length;
  }, 0);
  const begun = runs.filter(({ role }) => role !== "train");
  const failed = begun.filter((run) => hasFailed(run, true)).length;
  const lacking = expected - begun.length + failed;
  if (lacking <= 0) return { reason: "finished", says: "All finalists were tested and examined." };
  const never = lacking - failed;
  const lost = [...(failed > 0 ? [`${failed} failed`] : []), ...(never > 0 ? [`${never} never began`] : [])].join(", ");
  const says = `The finalists were examined as far as possible: of ${expected} examinations ${lost}.`;
  return { reason: "finished", says };
}
