/** What a backtest must show before anybody may propose it. Below these nothing is kept of a proposal. */
import { CANDIDATE_LUCK } from "../luck/luck.ts";
import { ENOUGH_TRADES, luckInShort } from "../luck/run-luck.ts";
import type { CandidateFacts } from "./facts.ts";
import { gateAt, steady, type Gate } from "./gate.ts";
import { rejectionsGate } from "./rejections-gate.ts";
import type { Sample } from "./sample.ts";
import { soundnessGate } from "./soundness-gate.ts";

/** What luck may explain of a champion. It decides nothing: the human reads it beside. */
export const CHAMPION_LUCK = 0.01;

const gate = gateAt("candidate");

export const candidateGates = (facts: CandidateFacts): Gate[] => [
  luckGate(facts),
  tradesGate(facts),
  futureGate(facts),
  sampleGate(facts),
  recordGate(facts),
  soundnessGate(facts),
  rejectionsGate(facts),
];

function luckGate({ luck, jobId, symbol }: CandidateFacts): Gate {
  const { probability, trials } = luck;
  const champion = probability !== null && probability <= CHAMPION_LUCK;
  return gate({
    gate: "luck",
    held: probability === null ? "unknown" : probability <= CANDIDATE_LUCK,
    figures: { probability: steady(probability), trials },
    says: `Luck explains it in ${luckInShort(luck)} among ${trials} trials on ${symbol}; a candidate may have 5 %, and a champion should have 1 %${probability === null ? "" : champion ? ", which it has" : ", which it has not"}.`,
    from: [jobId],
    next: "propose a backtest that luck explains less: over more days, or of an idea that needed fewer trials",
  });
}

const tradesGate = ({ trades, jobId }: CandidateFacts): Gate =>
  gate({
    gate: "trades",
    held: trades >= ENOUGH_TRADES,
    figures: { trades },
    says: `It made ${trades} trades, and ${ENOUGH_TRADES} are needed.`,
    from: [jobId],
    next: "run_backtest of the same model over more days",
  });

const futureGate = ({ branded, jobId }: CandidateFacts): Gate =>
  gate({
    gate: "no_look_ahead",
    held: !branded,
    figures: { branded },
    says: branded ? "The strategy saw the future." : "Nothing is known by which the strategy saw the future.",
    from: [jobId],
    next: "mend what validate_strategy calls looks_ahead; then train_model and run_backtest anew",
  });

const TRAINED: Readonly<Record<Sample, string>> = {
  after: "Its days come after those that its model was trained on.",
  within: "Its model was trained on some of its days.",
  before: "Its model was trained on later days, and may know what became of these.",
  unknown: "On which days its model was trained is not on record.",
};

const sampleGate = ({ sample, trainingJobId, jobId }: CandidateFacts): Gate =>
  gate({
    gate: "out_of_sample",
    held: sample === "unknown" ? "unknown" : sample === "after",
    figures: { sample },
    says: TRAINED[sample],
    from: [jobId, ...(trainingJobId === null ? [] : [trainingJobId])],
    next: "run_backtest with the task_id of a training as model, on days after that training",
  });

const recordGate = ({ lacks, jobId }: CandidateFacts): Gate =>
  gate({
    gate: "record",
    held: lacks.length === 0,
    figures: { lacks: lacks.length },
    says: lacks.length === 0 ? "Its record is complete." : `Its record is not complete: ${lacks.join("; ")}.`,
    from: [jobId],
    next: "train_model and run_backtest by these tools, so that its text, its model and its trial are on record",
  });
