/** One insight: its words, whether they still hold, and what is known against the jobs they were drawn from. */
import { DomainError } from "../../domain/errors.ts";
import { enginesText } from "../../domain/facts.ts";
import type { Insight } from "../../domain/insight.ts";
import { citedCaveats } from "../../research/memory/cited-runs.ts";
import { caveatsOf } from "../../research/memory/insight-rows.ts";
import { experimentLink, insightLink, runLink } from "../places.ts";
import type { MakeView } from "../request.ts";
import { facts, paragraph, section, table, type Block, type Line, type Section } from "../view.ts";
import { counted, moment, quoteOf } from "../words.ts";

export const oneInsight: MakeView = async ({ deps, id }) => {
  const { insights } = deps.records;
  const insight = await insights.get(id);
  if (insight === null) throw unknown(id);
  const [successors, known, engines] = await Promise.all([
    insights.successors([id]),
    citedCaveats(deps, insight.jobIds),
    insights.engines([id]),
  ]);
  const successor = successors.get(id);
  const { client, savedAt, body, category, supersedes, importance, tags } = insight;
  const doubtful = successor !== undefined || caveatsOf(insight, known) !== null;
  return {
    title: `Insight ${id}`,
    lead: successor === undefined ? standingOf(insight, known) : supersededBy(successor),
    ...(doubtful ? { tone: "doubt" } : {}),
    sections: [
      ...(successor === undefined ? [] : [insteadOf(successor)]),
      section(
        successor === undefined ? "What was learnt" : "What was written down then",
        quoteOf(client, savedAt, body),
        facts({
          kind: category,
          importance: `${importance} of 10`,
          tags: tags.length === 0 ? null : tags.join(", "),
          "saved (UTC)": moment(savedAt),
          by: client,
          insight: id,
          "runs computed by": enginesText(engines),
        }),
      ),
      section("Jobs that it was drawn from", citedTable(insight, known)),
      ...(supersedes.length === 0
        ? []
        : [section("What it holds instead of", { kind: "list", lines: supersedes.map(supersededLink) })]),
    ],
  };
};

const unknown = (id: string) => new DomainError("insight_not_found", { what: `There is no insight ${id}.` });

const supersededBy = ({ insightId }: Insight): Line => [
  "SUPERSEDED by ",
  insightLink(insightId),
  ", which holds instead. It stays here as it was.",
];

function standingOf(insight: Insight, known: ReadonlyMap<string, string>): string {
  const { jobIds, client } = insight;
  const holds = "Nothing has superseded it.";
  if (jobIds.length === 0) return `${holds} It names no job: it stands on the word of ${client} alone.`;
  const against = jobIds.filter((jobId) => known.has(jobId)).length;
  const jobs = `the ${counted(jobIds.length, "job")} that it was drawn from`;
  return against === 0
    ? `${holds} Nothing is known against ${jobs}.`
    : `${holds} But of ${jobs}, ${against} ${against === 1 ? "shows" : "show"} less than it seems.`;
}

const insteadOf = ({ insightId, client, savedAt, body }: Insight): Section =>
  section(
    "What holds instead",
    quoteOf(client, savedAt, body),
    paragraph(["The whole insight: ", insightLink(insightId)]),
  );

function citedTable({ jobIds }: Insight, known: ReadonlyMap<string, string>): Block {
  return table({
    caption: "Jobs that it was drawn from",
    columns: [{ title: "job" }, { title: "known against it" }],
    rows: jobIds.map((jobId) => {
      const caveat = known.get(jobId);
      return {
        cells: [runLink(jobId), caveat ?? "nothing"],
        ...(caveat === undefined ? {} : { tone: "doubt" as const }),
      };
    }),
    empty: "It names none: nothing on record supports it, or speaks against it.",
  });
}

const supersededLink = (id: string): Line =>
  id.startsWith("experiment-") ? ["the verdict of ", experimentLink(id)] : insightLink(id);
