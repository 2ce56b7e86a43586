import { DomainError } from "../errors.ts";
import type { TrainingSetRequest } from "../job.ts";
import type { Caveat, Engine, JobResult, Spread, TrainingResult, TrainingSetResult } from "../result.ts";
import { median } from "../statistics.ts";

/** Below this a median is little better than a single draw. */
const FEW_DRAWS = 5;

/**
 * Several draws of one training as median and spread.
 * @param jobs the trainings of the set
 * @param outcomes the result of each of them, in the same order; null for one that did not complete
 * @throws DomainError `computation_failed` when no training of the set finished.
 */
export function summariseTrainingSet(
  request: TrainingSetRequest,
  jobs: readonly { readonly jobId: string }[],
  outcomes: readonly (JobResult | null)[],
  engine: Engine,
): TrainingSetResult {
  const members = jobs.flatMap(({ jobId }, index) => {
    const result = outcomes[index];
    return result?.kind === "training" ? [{ jobId, result }] : [];
  });
  if (members.length === 0) {
    throw new DomainError("computation_failed", {
      what: `None of the ${request.repeats} trainings of the set finished.`,
      next: "Ask get_task_status for the trainings of the set, mend the cause, and start it again with force_new_reason.",
    });
  }
  const { strategy, symbol, timeframe } = request.training;
  const results = members.map(({ result }) => result);
  return {
    kind: "training_set",
    strategy,
    symbol,
    timeframe,
    requested: request.repeats,
    completed: members.length,
    bestValLoss: spread(results.map(({ bestValLoss }) => bestValLoss)),
    bestValAccuracy: spread(results.map(({ bestValAccuracy }) => bestValAccuracy)),
    finalValLoss: spread(results.map(({ finalValLoss }) => finalValLoss)),
    finalValAccuracy: spread(results.map(({ finalValAccuracy }) => finalValAccuracy)),
    regression: results.some(({ regression }) => regression === true),
    baseRate: results.find((result) => result.baseRate != null)?.baseRate ?? null,
    testAccuracy: spread(results.map(({ testAccuracy }) => testAccuracy)),
    epochsTrained: spread(results.map(({ epochsTrained }) => epochsTrained)),
    models: members.map(({ jobId, result }) => ({ jobId, modelPath: result.modelPath })),
    caveats: setCaveats(request, results),
    engine,
  };
}

/** Median, least and greatest of the values that exist; null when none does. */
export function spread(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  return { median: median(known), min: Math.min(...known), max: Math.max(...known), n: known.length };
}

function setCaveats(request: TrainingSetRequest, results: readonly TrainingResult[]): Caveat[] {
  const caveats: Caveat[] = [];
  if (results.length < request.repeats) {
    caveats.push({
      code: "incomplete_set",
      text: `${request.repeats - results.length} of ${request.repeats} trainings did not finish; the figures are of the other ${results.length}.`,
    });
  }
  if (results.length < FEW_DRAWS) {
    caveats.push({
      code: "few_draws",
      text: `${results.length} draw(s) are few: the true spread is likely wider than the one shown.`,
    });
  }
  const seen = new Set(results.flatMap((result) => result.caveats.map(({ code }) => code)));
  seen.delete("one_draw");
  if (seen.size > 0) {
    caveats.push({
      code: "members_have_caveats",
      text: `Seen in single trainings: ${[...seen].toSorted().join(", ")}.`,
    });
  }
  return caveats;
}
