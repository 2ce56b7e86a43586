import type { Experiment, Judgement } from "../../domain/experiment.ts";
import { rounded } from "../../domain/facts.ts";

/** The criterion as one sentence. */
export function criterionText({ metric, direction, threshold, runs, sample }: Experiment): string {
  const { symbol, timeframe, startDate, endDate } = sample;
  const which = runs === 1 ? "of one run" : `(median of ${runs} runs)`;
  return `${metric} ${which} ${direction === "at_least" ? "at least" : "at most"} ${threshold} on ${symbol} ${timeframe}, ${startDate} to ${endDate}`;
}

/** An experiment as a row of a list, with its texts cut. */
export function experimentRow(experiment: Experiment, shownChars: number) {
  const { experimentId, hypothesis, conclusion, client, startedAt } = experiment;
  return {
    experiment_id: experimentId,
    status: conclusion === null ? "open" : "concluded",
    ...(conclusion === null ? {} : { verdict: conclusion.judgement.verdict }),
    hypothesis: cut(hypothesis, shownChars),
    criterion: criterionText(experiment),
    started_at: startedAt,
    by: client,
  };
}

export const cut = (text: string, chars: number): string =>
  text.length <= chars ? text : `${text.slice(0, chars - 3).toWellFormed()}...`;

/** Of the runs left out for one reason, at most one in so many of the shown runs is listed: they are alike. */
const SHOWN_OF_A_REASON = 7;

/** The rounded figures of a judgement, and the runs left out, by reason. */
export function judgementFactsOf({ value, meet, counted, leftOut, caveats }: Judgement, shown: number) {
  return {
    ...(value === null
      ? {}
      : {
          value: {
            median: rounded(value.median),
            min: rounded(value.min),
            max: rounded(value.max),
            runs: value.n,
            meet,
          },
        }),
    counted: counted.slice(0, shown).map(({ jobId, value: figure }) => ({ task_id: jobId, value: rounded(figure) })),
    left_out: [...Map.groupBy(leftOut, ({ why }) => why)].slice(0, shown).map(([why, runs]) => ({
      why,
      runs: runs.length,
      task_ids: runs.slice(0, Math.ceil(shown / SHOWN_OF_A_REASON)).map(({ jobId }) => jobId),
    })),
    ...(caveats.length === 0 ? {} : { caveats: [...caveats] }),
  };
}

/** The verdict as one sentence. */
export function verdictText(experiment: Experiment, { verdict, value, counted }: Judgement): string {
  const asked = criterionText(experiment);
  switch (verdict) {
    case "supported":
      return `Supported: ${rounded(value?.median ?? null)}; the criterion was ${asked}.`;
    case "not_supported":
      return `Not supported: ${rounded(value?.median ?? null)}; the criterion was ${asked}.`;
    case "inconclusive":
      return `Inconclusive: ${counted.length} of ${experiment.runs} runs count; the criterion was ${asked}.`;
  }
}
