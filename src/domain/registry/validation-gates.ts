/** What a candidate must show beyond its own backtest. */
import { USUAL_COSTS } from "../usual-costs.ts";
import { isSoundChoice, MOST_LOSES, MOST_OVERFITTING } from "../luck/overfitting.ts";
import { weakening } from "../measured/caveats.ts";
import type { CampaignOnRecord, CandidateFacts, CostlyRun, WalkOnRecord } from "./facts.ts";
import { gateAt, steady, type Gate } from "./gate.ts";

/** Standard errors that all windows together must lie above 0. */
const LEAST_T = 2;
/** A candidate needs so many trainings of the same request, each with the same backtest. */
export const FEWEST_DRAWS = 5;
/** Share of the draws that must have earned something for their risk. */
const GOOD_DRAWS = 0.8;

const gate = gateAt("validated");

export const validationGates = (facts: CandidateFacts): Gate[] => [
  walkGate(facts),
  costsGate(facts),
  drawsGate(facts),
  modelGate(facts),
  overfittingGate(facts),
];

/** Of several the one in the middle counts, the worse of two: else whoever repeats it until it looks good would win. */
function walkGate({ walks, strategy }: CandidateFacts): Gate {
  const sorted = walks.toSorted((a, b) => tOf(a) - tOf(b));
  const middle = sorted[Math.ceil(sorted.length / 2) - 1];
  const next = `start_walk_forward {"strategies": ["${strategy}"]} at these costs or more, while the file has this text`;
  if (middle === undefined) {
    const says = "No walk-forward of the same strategy text on the same market and at these costs has finished.";
    return gate({ gate: "walk_forward", held: "unknown", figures: { walks: 0 }, says, from: [], next });
  }
  const { t, positive, windows } = middle;
  const of = walks.length === 1 ? "" : ` It is the middle one of ${walks.length}.`;
  return gate({
    gate: "walk_forward",
    held: tOf(middle) >= LEAST_T && positive > windows / 2,
    figures: { walks: walks.length, t: steady(t), positive, windows },
    says: `Its walk-forward has t = ${t?.toFixed(2) ?? "undefined"} and ${positive} of ${windows} windows above 0; t ≥ ${LEAST_T} and more than half are needed.${of}`,
    from: [middle.jobId],
    next: "nothing mends it: the strategy does not hold on days after its trainings; propose another",
  });
}

const tOf = ({ t }: WalkOnRecord): number => t ?? Number.NEGATIVE_INFINITY;

const costsText = ({ commission, slippage }: Pick<CostlyRun, "commission" | "slippage">): string =>
  `${percentOf(commission)} commission and ${percentOf(slippage)} slippage a fill`;

/** All digits that count: costs are small. */
const percentOf = (ratio: number): string => `${Number((ratio * 100).toPrecision(4))} %`;

/** The cheapest of them: it is the least that was asked for. */
function costsGate({ costly, commission, slippage, startDate, endDate, trainingJobId }: CandidateFacts): Gate {
  const own = { commission, slippage };
  const paid = `It pays ${costsText(own)}.`;
  if (commission < USUAL_COSTS.commission || slippage < USUAL_COSTS.slippage) {
    return gate({
      gate: "doubled_costs",
      held: false,
      figures: { ...own, runs: 0 },
      says: `${paid} A champion pays ${costsText(USUAL_COSTS)} at least: less is no market.`,
      from: [],
      next: `propose a backtest of its model with commission ${USUAL_COSTS.commission} and slippage ${USUAL_COSTS.slippage} at least`,
    });
  }
  const next = `run_backtest {"model": "${trainingJobId ?? "its training"}", "start_date": "${startDate}", "end_date": "${endDate}", "commission": ${2 * commission}, "slippage": ${2 * slippage}}`;
  const [cheapest] = costly.toSorted((a, b) => a.commission + a.slippage - b.commission - b.slippage);
  if (cheapest === undefined) {
    const says = `${paid} No backtest of its model on its days has paid twice as much.`;
    return gate({ gate: "doubled_costs", held: "unknown", figures: { ...own, runs: 0 }, says, from: [], next });
  }
  return gate({
    gate: "doubled_costs",
    held: cheapest.totalReturn > 0,
    figures: {
      ...own,
      paidCommission: cheapest.commission,
      paidSlippage: cheapest.slippage,
      totalReturn: steady(cheapest.totalReturn),
    },
    says: `${paid} At ${costsText(cheapest)} it returns ${(cheapest.totalReturn * 100).toFixed(2)} %; more than 0 is needed.`,
    from: [cheapest.jobId],
    next: "nothing mends it: costs eat what it earns; propose one that trades less",
  });
}

function drawsGate({ draws, untested, strategy }: CandidateFacts): Gate {
  // A draw that never traded has no ratio, and counts as the lowest.
  const sorted = draws.toSorted((a, b) => (a.sharpe ?? -Infinity) - (b.sharpe ?? -Infinity));
  const median = sorted[Math.ceil(sorted.length / 2) - 1]?.sharpe ?? null;
  const above = draws.filter(({ sharpe }) => (sharpe ?? 0) > 0).length;
  const enough = draws.length >= FEWEST_DRAWS;
  const more = untested === 0 ? "" : ` ${untested} more were trained, and not backtested like it.`;
  return gate({
    gate: "draws",
    held: enough ? (median ?? 0) > 0 && above >= GOOD_DRAWS * draws.length : "unknown",
    figures: { draws: draws.length, median: steady(median), above, untested },
    says: `Of ${draws.length} draws ${above} have a Sharpe ratio above 0, and the middle one has ${median?.toFixed(2) ?? "none"}; ${FEWEST_DRAWS} draws, a middle above 0 and four of five above 0 are needed.${more}`,
    from: draws.map(({ jobId }) => jobId).toSorted(),
    next: enough
      ? "nothing mends it: most trainings of this strategy earn nothing; propose another"
      : `train_model "${strategy}" on the same days with repeats ${FEWEST_DRAWS}, then run_backtest of each model with the dates and costs of this one`,
  });
}

function modelGate({ measurement, jobId }: CandidateFacts): Gate {
  const differs = measurement?.differs ?? null;
  const warns = weakening(measurement?.caveats ?? []);
  return gate({
    gate: "model",
    held: differs === null ? "unknown" : differs === 0,
    // What was not measured proves nothing against it. What was measured and differs does.
    required: differs !== null,
    figures: { differs, warns: warns.map(({ code }) => code).join(",") },
    says:
      differs === null
        ? "Nobody has proven by a measurement that its model is still the one on record."
        : [
            differs === 0
              ? "Its model, computed again, gives every recorded figure."
              : `Its model, computed again, differs in ${differs} figures.`,
            ...warns.map(({ text }) => text),
          ].join(" "),
    from: measurement === null ? [] : [measurement.jobId],
    next: `measure_equity {"task_id": "${jobId}"}`,
  });
}

/** Of several campaigns the one that speaks most against it. */
function overfittingGate({ campaigns }: CandidateFacts): Gate {
  const [worst] = campaigns.toSorted((a, b) => doubtOf(b) - doubtOf(a));
  const next = "propose the best of a campaign whose choice among its finalists is sound";
  if (worst === undefined) {
    const says = "It was not picked in a campaign.";
    const none = { gate: "overfitting", held: "unknown", required: false, figures: { campaigns: 0 } } as const;
    return gate({ ...none, says, from: [], next });
  }
  const { probability, loses, jobId } = worst;
  return gate({
    gate: "overfitting",
    held: choiceOf(worst),
    figures: { campaigns: campaigns.length, probability: steady(probability), loses: steady(loses) },
    says: choiceText(worst),
    from: [jobId],
    next,
  });
}

const choiceOf = ({ finalists, probability, loses }: CampaignOnRecord): boolean | "unknown" => {
  if (finalists === 1) return true;
  return probability === null || loses === null ? "unknown" : isSoundChoice({ probability, loses });
};

function doubtOf(campaign: CampaignOnRecord): number {
  const sound = choiceOf(campaign);
  return sound === "unknown" ? 4 : (sound ? 0 : 2) + (campaign.probability ?? 0);
}

function choiceText({ finalists, probability, loses }: CampaignOnRecord): string {
  if (finalists === 1) return "It was the only finalist of its campaign: none was picked by its backtest.";
  if (probability === null || loses === null)
    return "The campaign in which it was picked does not tell whether its choice is overfitted.";
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
  return `The best of its campaign is overfitted with a probability of ${percent(probability)}, and in ${percent(loses)} of all splits of the days the finalist that is best in one half loses in the other; at most ${percent(MOST_OVERFITTING)} of the first or ${percent(MOST_LOSES)} of the second is allowed.`;
}
