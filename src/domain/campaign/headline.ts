import type { CampaignResult, Finalist } from "../kinds/campaign.ts";
import { overfittingInShort } from "../luck/overfitting.ts";

/** What led, by the median of its draws, and why it ended. Never the best draw. */
export function campaignHeadline({ points, refused, used, finalists, ended, overfitting }: CampaignResult): string {
  const [first] = finalists;
  const searched = `${points - refused} points, ${used.trainings} trainings, ${used.trials} trials`;
  if (first === undefined) return `${searched}: nothing was tested (${ended.reason})`;
  const pbo = overfitting === null ? "" : `, ${overfittingInShort(overfitting)}`;
  return `${searched}: ${leadOf(first, finalists.length)}${pbo}; ${ended.reason === "finished" ? "all was examined" : `ended by ${ended.reason}`}`;
}

/** Those that never traded come last. Of an even number of draws the median is no draw's. */
function leadOf({ strategy, median, sharpes }: Finalist, count: number): string {
  const leads = count === 1 ? `${strategy} is the only finalist` : `${strategy} leads ${count} finalists`;
  if (median === null) return `${leads} and never traded`;
  const sharpe = median.toFixed(2);
  const by = sharpes.length % 2 === 0 ? `median Sharpe ${sharpe} of its draws` : `Sharpe ${sharpe} of its middle draw`;
  return `${leads} ${count === 1 ? "with" : "by"} the ${by}`;
}
