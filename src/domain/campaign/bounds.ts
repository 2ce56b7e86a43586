/** Whether jobs may begin: what they cost, held against the budgets, the operator's limit and the deadline. */
import type { CampaignStop } from "../kinds/campaign.ts";
import { finalSteps, hoursOf, searchTrainingsLeft, trialsLeft, type Costed } from "./reckoning.ts";
import { budgetOf, usedBy, usedUp, type CampaignState, type NewRun } from "./state.ts";

/**
 * Why steps of the search may not begin; null when they may. What finalists need after them is counted in.
 * @param steps each begins when the one before has ended
 */
export function stopOfSteps(state: CampaignState, steps: readonly (readonly Costed[])[]): CampaignStop | null {
  const trainings = steps.flat().filter(({ role }) => role === "train").length;
  if (trainings > searchTrainingsLeft(state)) return trainingsOver(state);
  const { hours, deadline } = budgetOf(state);
  if (hours === null && deadline === null) return null;
  const all = [...steps, ...finalSteps(state)];
  const [needed, used] = [hoursOf(state, all.flat()), usedBy(state).hours];
  if (hours !== null && (used + needed > hours || used >= hours)) {
    const says = `The search ended: ${used.toFixed(2)} of ${hours} hours are used up, and the next step with the finalists after it takes about ${needed.toFixed(2)}.`;
    return { reason: "hours", says };
  }
  const lasts = all.reduce((sum, step) => sum + hoursOf(state, step) / lanesOf(state, step), 0);
  if (deadline === null || state.now.getTime() + lasts * 3_600_000 < Date.parse(deadline)) return null;
  const says = `The search ended: the next step with the finalists after it would not end before ${deadline}.`;
  return { reason: "deadline", says };
}

const lanesOf = ({ request }: CampaignState, step: readonly Costed[]): number =>
  Math.max(1, Math.min(request.atOnce, step.length));

/** Said when no further bracket can be trained. */
export function trainingsOver(state: CampaignState): CampaignStop {
  const { trainings: used } = usedBy(state);
  const { trainings } = budgetOf(state);
  const rest = used < trainings ? ", and the rest is kept for finalists or too small for another bracket" : "";
  return { reason: "trainings", says: `The search ended: of ${trainings} trainings ${used} are used up${rest}.` };
}

interface Paid {
  readonly runs: readonly NewRun[];
  /** Why the others may not begin; null when there are none. */
  readonly stop: CampaignStop | null;
}

/**
 * The jobs of a step with finalists that budgets and limit still pay: the first ones first.
 * @param wanted jobs that are paid together or not at all
 */
export function paidOf(state: CampaignState, wanted: readonly (readonly NewRun[])[]): Paid {
  const { deadline } = budgetOf(state);
  if (deadline !== null && state.now.getTime() >= Date.parse(deadline)) {
    const says = `The deadline ${deadline} passed before all finalists were examined.`;
    return { runs: [], stop: wanted.flat().length === 0 ? null : { reason: "deadline", says } };
  }
  const runs: NewRun[] = [];
  let stop: CampaignStop | null = null;
  for (const together of wanted.filter(({ length }) => length > 0)) {
    const short = shortOf(state, [...runs, ...together]);
    if (short === null) runs.push(...together);
    else stop ??= short;
  }
  return { runs, stop };
}

/** What jobs with finalists would pass. */
function shortOf(state: CampaignState, runs: readonly NewRun[]): CampaignStop | null {
  const [budget, used] = [budgetOf(state), usedBy(state)];
  const needed = { ...usedUp(state.request, runs), hours: hoursOf(state, runs) };
  const left = { trainings: budget.trainings - used.trainings, trials: trialsLeft(state) };
  for (const reason of ["trainings", "trials"] as const) {
    if (needed[reason] === 0 || needed[reason] <= left[reason]) continue;
    const says = `${Math.max(0, left[reason])} ${reason} are left by the budget${reason === "trials" ? " and the operator's limit" : ""}; to examine the finalists further takes more.`;
    return { reason, says };
  }
  if (budget.hours === null || (used.hours + needed.hours <= budget.hours && used.hours < budget.hours)) return null;
  const says = `${used.hours.toFixed(2)} of ${budget.hours} hours are used up; to examine the finalists further takes about ${needed.hours.toFixed(2)}.`;
  return { reason: "hours", says };
}
