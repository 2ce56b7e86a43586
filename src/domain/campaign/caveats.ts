/** What must be read with a campaign, at any time. */
import { insistenceCaveats } from "../insistence.ts";
import type { CampaignRequest, CampaignResult, CampaignStop, Finalist } from "../kinds/campaign.ts";
import type { Caveat } from "../result.ts";
import { BEST_OF_MANY } from "../results/batch.ts";
import { paysCosts } from "./reckoning.ts";
import { labelDimensions } from "./space.ts";
import type { Standing } from "./standing.ts";

/**
 * @param ended why it ended; null while it goes on, or when it was stopped
 * @param overfitting null when it is not known
 */
export function caveatsOfCampaign(
  request: CampaignRequest,
  standing: Standing,
  ended: CampaignStop | null,
  overfitting: CampaignResult["overfitting"],
): Caveat[] {
  const always = [
    ...insistenceCaveats(request.insisted ?? []),
    ...when(!paysCosts(request), "no_costs", "It was computed without costs."),
  ];
  const { finalists } = standing;
  if (finalists.length === 0) return always;
  const differs = finalists.filter(({ measured }) => measured !== null && !measured.agrees);
  const draws = new Set(finalists.map(({ sharpes }) => sharpes.length));
  return [
    ...always,
    BEST_OF_MANY,
    ...when(
      finalists.some(({ walk }) => walk !== null),
      "walk_saw_search",
      "Windows of the walk-forwards lie in days by which points were chosen (training) or ranked (test): they flatter.",
    ),
    ...when(
      request.walk === null,
      "no_walk_forward",
      "No walk-forward was asked for: one test window alone shows little.",
    ),
    ...when(
      ended?.reason !== "finished" || finalists.some((one) => isUnexamined(request, one)),
      "not_examined",
      "Not all finalists were examined: what is missing in a row was not computed.",
    ),
    ...when(
      draws.size > 1,
      "unequal_draws",
      "Finalists have different numbers of draws: one with fewer looks safer than it is.",
    ),
    ...when(
      labelDimensions(request.dimensions).length > 0,
      "labels_differ",
      "Validation losses of finalists with different labels cannot be compared.",
    ),
    ...when(
      ended?.reason === "finished" && overfitting === null,
      "overfitting_unknown",
      "The chance of overfitting is not known: fewer than two finalists were measured on the same bars.",
    ),
    ...when(
      differs.length > 0,
      "model_differs",
      `The model of ${differs.map(({ strategy }) => strategy).join(", ")} is not the one on record any more: its figures cannot be computed again.`,
    ),
  ];
}

const isUnexamined = (request: CampaignRequest, { costs, walk }: Finalist): boolean =>
  (paysCosts(request) && costs === null) || (request.walk !== null && walk === null);

const when = (holds: boolean, code: string, text: string): Caveat[] => (holds ? [{ code, text }] : []);
