/** What research wrote down as learnt, the newest first or by words. */
import { z } from "zod";
import { searchTerms } from "../../domain/search-terms.ts";
import { insightRows } from "../../research/memory/insight-rows.ts";
import type { InsightPage } from "../../store/insight-search.ts";
import { insightLink } from "../places.ts";
import { PageNumber, pageLinks, readQuery, ROWS } from "../query.ts";
import type { MakeView } from "../request.ts";
import { paragraph, section, table, type Block, type Line } from "../view.ts";
import { counted, moment } from "../words.ts";

const MOST_CHARS = 300;
const Query = z.object({ q: z.string().max(MOST_CHARS).default(""), page: PageNumber });

/** Up to so many characters an insight is shown whole, else the passage that matches. */
const SHORT = 300;

export const insights: MakeView = async ({ deps, query }) => {
  const why = `q has ${MOST_CHARS} characters at most; page is a number from 1 to 999.`;
  const { q, page } = readQuery(Query, query, why);
  const offset = (page - 1) * ROWS;
  const answer = await deps.records.insights.search({ terms: searchTerms(q), limit: ROWS, offset });
  const rows = await insightRows(
    deps,
    answer.hits.map(({ snippet, ...insight }) => ({
      insight,
      text: insight.body.length <= SHORT ? { text: insight.body } : { snippet },
    })),
  );
  const asked = q === "" ? undefined : q;
  return {
    title: "Insights",
    lead: leadOf(q, answer),
    sections: [
      section("Search", { kind: "search", label: "Words", words: q }, paragraph(HOW)),
      section(
        q === "" ? "The newest first" : "The best match first",
        rowsTable(rows),
        ...pageLinks("/insights", { q: asked, page }, offset + ROWS < answer.found),
        ...(answer.partly ? [paragraph(`More match. Only the newest ${answer.found} of them were looked at.`)] : []),
      ),
    ],
  };
};

const HOW =
  'Words are found by their stems; "words in quotation marks" in that order; begin* finds beginnings; -word leaves out. The address takes the words as ?q=.';

function leadOf(q: string, { found, reading, corrections, partly }: InsightPage): string {
  if (q === "" && found === 0) {
    return "Nothing was learnt yet. Whatever research writes down with save_insight stands here, and stays.";
  }
  if (found === 0) return "No insight has any of these words.";
  const number = `${partly ? "More than " : ""}${counted(found, "insight")}`;
  const read = Object.entries(corrections).map(([asked, meant]) => `"${asked}" was read as "${meant}"`);
  const how = read.length === 0 ? "" : ` ${read.join(", ")}.`;
  switch (reading) {
    case "filters only":
      return `${number}, each in the words of whoever learnt it.`;
    case "all words":
      return `${number} with all of these words.`;
    case "corrected":
      return `No insight has all of these words.${how} So read, there is ${number}.`;
    case "some words":
      return `No insight has all of these words; ${number} ${found === 1 ? "has" : "have"} some.${how}`;
  }
}

type Row = Awaited<ReturnType<typeof insightRows>>[number];

const rowsTable = (rows: readonly Row[]): Block =>
  table({
    caption: "Insights. One that was superseded comes after what holds instead",
    columns: [
      { title: "saved (UTC)" },
      { title: "kind" },
      { title: "importance, of 10", figures: true },
      { title: "insight" },
      { title: "tags" },
      { title: "by" },
      { title: "whole insight" },
    ],
    rows: rows.map((row) => ({
      cells: [
        moment(row.saved_at),
        row.category,
        String(row.importance),
        wordsOf(row),
        row.tags.join(", "),
        row.by,
        insightLink(row.insight_id),
      ],
      ...(successorOf(row) === null ? {} : { tone: "doubt" as const }),
    })),
    empty: "There is none here.",
  });

/** Its words. That it does not hold any more comes first; what is known against its runs comes last. */
function wordsOf(row: Row): Line {
  const successor = successorOf(row);
  const words = "text" in row ? row.text : row.snippet;
  const against = row.caveats === undefined ? "" : ` (Known against its runs: ${row.caveats.join(" ")})`;
  const said = `${words}${against}`;
  return successor === null ? said : ["SUPERSEDED by ", insightLink(successor), `. It was: ${said}`];
}

const successorOf = (row: Row): string | null => ("superseded_by" in row ? row.superseded_by : null);
