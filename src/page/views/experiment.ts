/** One experiment: what was expected, what came out, and which runs decided it. */
import type { Experiment, Judgement } from "../../domain/experiment.ts";
import { rounded } from "../../domain/facts.ts";
import { luckText } from "../../domain/luck/run-luck.ts";
import type { Spread } from "../../domain/result.ts";
import { criterionText, needsOf, verdictText } from "../../research/memory/experiment-facts.ts";
import { toldExperiment, type ToldExperiment } from "../../research/memory/told-experiment.ts";
import { insightLink, runLink } from "../places.ts";
import type { MakeView } from "../request.ts";
import {
  facts,
  paragraph,
  section,
  separated,
  table,
  type Block,
  type Line,
  type Section,
  type Tone,
} from "../view.ts";
import { counted, moment, quoteOf } from "../words.ts";

const MOST_ROWS = 200;
const MOST_LINKS = 20;

export const oneExperiment: MakeView = async ({ deps, id }) => {
  const told = await toldExperiment(deps, id);
  const { experiment, judgement } = told;
  const open = experiment.conclusion === null;
  return {
    title: `Experiment ${experiment.experimentId}`,
    lead: leadOf(told),
    ...toneOf(told),
    alive: open,
    sections: [
      ...insteadOf(told),
      section("What was expected", ...expectedBlocks(told)),
      section(open ? "How it stands so far" : "What came out", ...outcomeBlocks(told)),
      section("Runs that count", countedTable(experiment, judgement)),
      ...leftOutSection(judgement),
    ],
  };
};

function leadOf({ experiment, judgement, successor, headline }: ToldExperiment): Line {
  if (successor === undefined) return headline;
  const was = verdictText(experiment, judgement, undefined);
  return ["SUPERSEDED by ", insightLink(successor.insightId), `, which holds instead. It was: ${was}`];
}

function toneOf({ experiment, judgement: { verdict }, successor }: ToldExperiment): { tone?: Tone } {
  if (successor !== undefined) return { tone: "doubt" };
  if (experiment.conclusion === null || verdict === "not_supported") return {};
  return { tone: verdict === "supported" ? "good" : "doubt" };
}

function insteadOf({ successor }: ToldExperiment): Section[] {
  if (successor === undefined) return [];
  const { insightId, client, savedAt, body } = successor;
  return [
    section(
      "What holds instead",
      quoteOf(client, savedAt, body),
      paragraph(["The whole insight: ", insightLink(insightId)]),
    ),
  ];
}

function expectedBlocks({ experiment, engines }: ToldExperiment): Block[] {
  const { hypothesis, client, startedAt, alreadySeen } = experiment;
  const needs = needsOf(experiment);
  return [
    quoteOf(client, startedAt, hypothesis),
    paragraph(`What decides: ${criterionText(experiment)}.`),
    ...(needs.length === 0
      ? []
      : [paragraph("Said of it before anything ran:"), { kind: "list" as const, lines: needs }]),
    facts({
      "written down (UTC)": moment(startedAt),
      by: client,
      "figures of these days that had been shown before": alreadySeen === null ? "not counted" : String(alreadySeen),
      "computed by": engines,
    }),
  ];
}

function outcomeBlocks({ experiment, judgement }: ToldExperiment): Block[] {
  const { conclusion, metric } = experiment;
  const { value, meet, sharpe, luck, because, caveats } = judgement;
  return [
    facts({
      verdict: conclusion === null ? "none yet" : judgement.verdict.replaceAll("_", " "),
      [`${metric}, in the middle`]: value === null ? null : spreadText(value),
      "runs that meet it by themselves": value === null ? null : `${meet} of ${value.n}`,
      "Sharpe, in the middle": sharpe === null ? null : spreadText(sharpe),
      "backtests on these days whose figures were shown": luck === null ? null : String(luck.trials),
      "luck alone looks as good in":
        luck?.probability == null ? null : `${luckText(luck.probability)} of such searches`,
      "concluded (UTC)": conclusion === null ? null : moment(conclusion.concludedAt),
    }),
    ...(value === null
      ? []
      : [paragraph("Returns, drawdowns and rates are ratios: 0.05 is 5 %. Sharpe ratios are per year.")]),
    ...(conclusion === null || because === null ? [] : [paragraph(`Why: ${because}.`, "doubt")]),
    ...caveats.map((caveat) => paragraph(caveat, "doubt")),
    ...(conclusion === null
      ? [paragraph("Code judges it when it is concluded. Until then the figures may change.")]
      : [
          paragraph("It was concluded with these words:"),
          quoteOf(conclusion.client, conclusion.concludedAt, conclusion.words),
        ]),
  ];
}

const spreadText = ({ median, min, max, n }: Spread): string =>
  n === 1 ? String(rounded(median)) : `${rounded(median)} (${rounded(min)} to ${rounded(max)})`;

function countedTable({ metric, runs }: Experiment, { counted: all }: Judgement): Block {
  return table({
    caption: "Runs that count, in the order in which they were attached",
    columns: [{ title: "run" }, { title: metric, figures: true }],
    rows: all.slice(0, MOST_ROWS).map(({ jobId, value }) => ({ cells: [runLink(jobId), String(rounded(value))] })),
    empty: `None counts yet; ${counted(runs, "run was", "runs were")} announced. A run counts when it was attached before its result was known.`,
  });
}

function leftOutSection({ leftOut }: Judgement): Section[] {
  if (leftOut.length === 0) return [];
  return [
    section(
      "Runs that were left out",
      table({
        caption: "Runs that do not count, by the reason",
        columns: [{ title: "why" }, { title: "runs", figures: true }, { title: "which" }],
        rows: [...Map.groupBy(leftOut, ({ why }) => why)].slice(0, MOST_ROWS).map(([why, runs]) => ({
          cells: [why, String(runs.length), linksOf(runs.map(({ jobId }) => jobId))],
        })),
        empty: "None was left out.",
      }),
    ),
  ];
}

function linksOf(jobIds: readonly string[]): Line {
  const links = separated(jobIds.slice(0, MOST_LINKS).map((jobId) => runLink(jobId)));
  return jobIds.length > MOST_LINKS ? [...links, ` and ${jobIds.length - MOST_LINKS} more`] : links;
}
