/** How a campaign stands, as the first thing that is read of it. */
import { budgetOf } from "../../domain/campaign/state.ts";
import { whatIsLeft } from "../../domain/campaign/reckoning.ts";
import type { CampaignProgress } from "../../research/results/campaign-facts.ts";
import type { SeenCampaign } from "../../research/results/seen-campaign.ts";
import { lasting, moment, unended } from "../words.ts";

/** Whether it searches, tests or has ended, and why; its budgets; what comes next, and when it ends at the latest. */
export function standingSentence(seen: SeenCampaign, progress: CampaignProgress): string {
  const open = seen.job.status === "open";
  return [
    ...(open ? openText(seen, progress) : endedText(seen)),
    usedText(seen),
    ...(open ? comingText(seen, progress) : []),
  ].join(" ");
}

function openText(seen: SeenCampaign, { counts }: CampaignProgress): string[] {
  if (seen.record.steps.at(-1)?.stage === "over") return ["All is computed, and its result is written down now."];
  const step = `${counts.now ?? "goes on"} (${counts.jobs_of_step ?? ""} in this step)`;
  return isSearching(seen) ? [`It searches: it ${step}.`] : [`It tests: it ${step}.`, ...searchEnd(seen)];
}

function endedText(seen: SeenCampaign): string[] {
  const { job, result, record } = seen;
  if (job.status === "completed") {
    const says = result?.ended.says ?? record.steps.at(-1)?.stop?.says ?? "";
    return says === "" ? ["It has ended."] : [`It has ended: ${unended(says)}.`, ...searchEnd(seen)];
  }
  const { failure = null } = job.outcome ?? {};
  const why = failure === null ? "" : `: ${unended(failure.what)}`;
  const ended = job.status === "failed" ? "It failed" : `It was ${job.status}`;
  return [`${ended} while it ${isSearching(seen) ? "searched" : "tested"}${why}.`, ...searchEnd(seen)];
}

const TESTS: ReadonlySet<string> = new Set(["first", "draws", "tests", "proof"]);

/** No step with finalists was planned. */
const isSearching = ({ record }: SeenCampaign): boolean => record.steps.every(({ stage }) => !TESTS.has(stage));

/** Most reasons say themselves that they are those of the search. */
function searchEnd({ standing: { searchEnded }, result }: SeenCampaign): string[] {
  if (searchEnded === null || searchEnded.says === result?.ended.says) return [];
  const says = `${unended(searchEnded.says)}.`;
  return [says.startsWith("The search ") ? says : `The search ended before. ${says}`];
}

function usedText({ request, record, standing: { used } }: SeenCampaign): string {
  const state = { ...record, request };
  const [budget, left] = [budgetOf(state), whatIsLeft(state)];
  const hours =
    budget.hours === null
      ? `${used.hours.toFixed(1)} hours of computing, which are not limited`
      : `${used.hours.toFixed(1)} of ${budget.hours} hours of computing (${left.hours.toFixed(1)} left)`;
  return `Used up: ${used.trainings} of ${budget.trainings} trainings (${left.trainings} left), ${used.trials} of ${budget.trials} trials (${left.trials} left), ${hours}.`;
}

function comingText(seen: SeenCampaign, { counts, etaSeconds }: CampaignProgress): string[] {
  const { deadline } = budgetOf({ request: seen.request, orders: seen.record.orders });
  const lasts = etaSeconds === null ? null : lasting(etaSeconds * 1_000);
  return [
    `Next: ${counts.afterwards ?? "nothing"}.`,
    lasts === null ? "" : `By the pace so far it goes on for ${lasts}, or less.`,
    deadline === null
      ? "It has no deadline."
      : `Nothing begins after its deadline, ${moment(new Date(deadline).toISOString())} UTC.`,
  ].filter((text) => text !== "");
}
