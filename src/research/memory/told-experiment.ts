/** An experiment with its runs and how it stands, as the tool and the page tell it. */
import { judge, type AttachedRun, type Experiment, type Judgement } from "../../domain/experiment.ts";
import { enginesText } from "../../domain/facts.ts";
import type { Insight } from "../../domain/insight.ts";
import type { Deps } from "../ports.ts";
import { verdictText } from "./experiment-facts.ts";

export interface ToldExperiment {
  readonly experiment: Experiment;
  /** Its own when it was concluded; else what the runs that have ended say so far. */
  readonly judgement: Judgement;
  /** What holds instead of its verdict. */
  readonly successor: Insight | undefined;
  readonly headline: string;
  /** What computed its runs; null while nothing did. */
  readonly engines: string | null;
}

/** @throws DomainError `experiment_not_found`, `database_unavailable` */
export async function toldExperiment({ records }: Deps, experimentId: string): Promise<ToldExperiment> {
  const { experiments, ledger, insights } = records;
  const [experiment, runs] = await Promise.all([experiments.get(experimentId), experiments.runs(experimentId)]);
  const { sample, conclusion } = experiment;
  const [{ onTheseDays }, successors] = await Promise.all([
    ledger.trials(sample.symbol, sample),
    insights.successors([experimentId]),
  ]);
  const judgement = conclusion?.judgement ?? judge(experiment, runs, onTheseDays);
  const successor = successors.get(experimentId);
  const headline =
    conclusion === null
      ? `Open: ${judgement.counted.length} of ${experiment.runs} runs count so far.`
      : verdictText(experiment, judgement, successor);
  return { experiment, judgement, successor, headline, engines: enginesOf(runs) };
}

const enginesOf = (runs: readonly AttachedRun[]): string | null =>
  enginesText(runs.map(({ result }) => result?.engine ?? null));
