/**
 * What a campaign does next. It follows from its record, the clock, the ledger's counts and the bars. Two that plan at once
 * may differ: the step that is written down first stands. A step begins when no job of the one before is open.
 */
import type { CampaignStop } from "../kinds/campaign.ts";
import { afterFinal, firstTests, over } from "./finals.ts";
import type { Judge } from "./proposals.ts";
import { redraw } from "./redraw.ts";
import { nextBracket, nextRung } from "./search.ts";
import type { CampaignState, Plan } from "./state.ts";

export function nextStep(state: CampaignState, judge: Judge): Plan {
  const last = state.steps.at(-1);
  if (last === undefined) return begun(state, nextBracket(state, judge));
  switch (last.stage) {
    case "rung":
      return begun(state, nextRung(state, last.bracket ?? 0, last.rung ?? 0) ?? nextBracket(state, judge));
    case "redraw":
      return firstTests(state, last.stop ?? { reason: "trainings", says: "The search ended." });
    case "first":
    case "draws":
    case "tests":
    case "proof":
      return afterFinal(state, last.stage);
    case "over":
      return over(last.stop ?? { reason: "finished", says: "It is over." });
  }
}

/** A step of the search, or what follows when it has ended. */
const begun = (state: CampaignState, found: Plan | CampaignStop): Plan =>
  "stage" in found ? found : (redraw(state, found) ?? firstTests(state, found));
