import { CLAIMS_SKILL, type Experiment, type Judgement } from "../../domain/experiment.ts";
import { chance, compact, rounded } from "../../domain/facts.ts";
import type { Insight } from "../../domain/insight.ts";
import { CANDIDATE_LUCK, findableSharpe, luckBar } from "../../domain/luck/luck.ts";
import { ENOUGH_TRADES } from "../../domain/luck/run-luck.ts";
import { FIGURES } from "../../domain/results/figures.ts";
import { yearsOf } from "../../domain/results/sharpe-error.ts";

/** The criterion as one sentence. */
export function criterionText({ metric, direction, threshold, runs, sample }: Experiment): string {
  const { symbol, timeframe, startDate, endDate } = sample;
  const which = runs === 1 ? "of one run" : `(median of ${runs} runs)`;
  return `${metric} ${which} ${direction === "at_least" ? "at least" : "at most"} ${threshold} on ${symbol} ${timeframe}, ${startDate} to ${endDate}`;
}

/** What a verdict needs beside the criterion, and what the sample can show at all, said before anything is computed. */
export function needsOf(experiment: Experiment): string[] {
  const { metric, direction, runs, sample, alreadySeen } = experiment;
  if (FIGURES[metric].kind !== "backtest" || metric === "trades") return [];
  const traded = `The run in the middle must make at least ${ENOUGH_TRADES} trades: below, the verdict is "cannot be told".`;
  if (direction !== "at_least" || !CLAIMS_SKILL.has(metric)) return [traded];
  const seen = alreadySeen ?? 0;
  const trials = seen + runs;
  const years = yearsOf(sample);
  return [
    traded,
    `${seenText(seen)} shown figures of these days of ${sample.symbol} so far. With the ${runs} announced, ${trials} count: luck may explain at most 5 %, so the middle run needs a Sharpe of about ${luckBar(trials, years, CANDIDATE_LUCK).toFixed(2)}.`,
    `These ${years.toFixed(1)} years then find a true Sharpe of ${findableSharpe(trials, years).toFixed(2)} in four of five cases, and smaller ones less often.`,
  ];
}

const seenText = (seen: number): string =>
  seen === 0 ? "No backtest has" : seen === 1 ? "One backtest has" : `${seen} backtests have`;

/** An experiment as a row of a list, with its texts cut. `successor` is what holds instead of its verdict. */
export function experimentRow(experiment: Experiment, shownChars: number, successor: Insight | undefined) {
  const { experimentId, hypothesis, conclusion, client, startedAt } = experiment;
  return {
    experiment_id: experimentId,
    status: conclusion === null ? "open" : "concluded",
    ...(conclusion === null ? {} : { verdict: conclusion.judgement.verdict }),
    ...(successor === undefined ? {} : supersededVerdict(successor)),
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
export function judgementFactsOf({ value, meet, counted, leftOut, caveats, luck, sharpe }: Judgement, shown: number) {
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
    ...(sharpe === null
      ? {}
      : { sharpe: { median: rounded(sharpe.median), min: rounded(sharpe.min), max: rounded(sharpe.max) } }),
    ...(luck === null
      ? {}
      : { luck: compact({ trials_on_these_days: luck.trials, probability: chance(luck.probability) }) }),
    counted: counted.slice(0, shown).map(({ jobId, value: figure }) => ({ task_id: jobId, value: rounded(figure) })),
    left_out: [...Map.groupBy(leftOut, ({ why }) => why)].slice(0, shown).map(([why, runs]) => ({
      why,
      runs: runs.length,
      task_ids: runs.slice(0, Math.ceil(shown / SHOWN_OF_A_REASON)).map(({ jobId }) => jobId),
    })),
    ...(caveats.length === 0 ? {} : { caveats: [...caveats] }),
  };
}

/** What is said beside a verdict that does not hold any more. */
const supersededVerdict = ({ insightId, client, savedAt, body }: Insight) => ({
  superseded_by: { insight_id: insightId, by: client, at: savedAt, says: cut(body, QUOTED_CHARS) },
});

/** So much of a successor's text is quoted beside a verdict. */
const QUOTED_CHARS = 160;

/** The verdict in words; that it does not hold any more comes first. */
export function verdictText(experiment: Experiment, judgement: Judgement, successor: Insight | undefined): string {
  const said = verdictSentence(experiment, judgement);
  return successor === undefined ? said : `SUPERSEDED by ${successor.insightId}, which holds instead. It was: ${said}`;
}

function verdictSentence(experiment: Experiment, judgement: Judgement): string {
  const { verdict, value, counted, because, sharpe } = judgement;
  const beside = sharpe === null ? "" : `, Sharpe ${sharpe.median.toFixed(2)}`;
  const figure = `${rounded(value?.median ?? null)}${beside}`;
  const asked = criterionText(experiment);
  switch (verdict) {
    case "supported":
      return `Supported: ${figure}; the criterion was ${asked}.`;
    case "not_supported":
      return `Not supported: ${figure}${because === null ? "" : `, but ${because}`}; the criterion was ${asked}.`;
    case "cannot_be_told":
      return `Cannot be told: ${figure}, but ${because ?? "luck is not known"}; the criterion was ${asked}.`;
    case "inconclusive":
      return `Inconclusive: ${counted.length} of ${experiment.runs} runs count; the criterion was ${asked}.`;
  }
}
