/** Ranked full-text search over insights by stems, phrases and prefixes. A mistyped word finds the one most like it. */
import { z } from "zod";
import type { Insight, InsightCategory } from "../domain/insight.ts";
import type { SearchTerm } from "../domain/search-terms.ts";
import { InsightRow, JOB_IDS } from "./insights.ts";
import { toJsonb } from "./json.ts";
import { select, type Pool } from "./pool.ts";
import { SUPERSEDES } from "./supersessions.ts";

export interface InsightQuery {
  /** Without terms: everything that passes the filters, newest first. */
  readonly terms: readonly SearchTerm[];
  /** Finds insights with any of the terms, in one statement: reminders are looked up while a tool does other work. */
  readonly any?: true;
  readonly category?: InsightCategory;
  /** An insight must have all of these. */
  readonly tags?: readonly string[];
  readonly leastImportance?: number;
  /** YYYY-MM-DD in UTC, inclusive. */
  readonly since?: string;
  readonly jobId?: string;
  readonly limit: number;
  readonly offset: number;
}

/** How the words of the query were read. */
export type Reading =
  /** No words were given. */
  | "filters only"
  | "all words"
  /** No insight has all words. Each word that no insight has was replaced by the one most like it. */
  | "corrected"
  /** No insight has all words: these have some. */
  | "some words";

export interface InsightHit extends Insight {
  /** The passage that matches, about thirty words at most. */
  readonly snippet: string;
}

export interface InsightPage {
  readonly hits: readonly InsightHit[];
  readonly reading: Reading;
  /** The replaced words, each with its replacement. */
  readonly corrections: Readonly<Record<string, string>>;
  /** How many match, at most `RANKED`. */
  readonly found: number;
  /** True when more match than are ranked: only the newest were. */
  readonly partly: boolean;
}

/** At most so many of the newest matches are ranked: a word that every insight has must not make the search slow. */
const RANKED = 500;

/** Least similarity (0 to 1) of a replacement. With less, short words are taken for each other. */
const LIKENESS = 0.4;

const HEADLINE = "MaxWords=30, MinWords=15, ShortWord=2, MaxFragments=1, StartSel=«, StopSel=»";

/** Every method throws DomainError `database_unavailable` when PostgreSQL does not answer. */
export interface InsightSearch {
  search(query: InsightQuery): Promise<InsightPage>;
}

export function createInsightSearch(pool: Pool): InsightSearch {
  return {
    async search(query) {
      const { terms } = query;
      const wanted = terms.filter(({ without }) => !without);
      if (wanted.length === 0) {
        return { ...(await page(pool, query, terms, "&&")), reading: "filters only", corrections: {} };
      }
      if (query.any) return { ...(await page(pool, query, terms, "||")), reading: "some words", corrections: {} };
      const exact = await page(pool, query, terms, "&&");
      if (exact.found > 0) return { ...exact, reading: "all words", corrections: {} };
      const corrections = await likeWords(pool, wanted);
      const read = terms.map((term) => corrected(term, corrections));
      if (Object.keys(corrections).length > 0) {
        const mended = await page(pool, query, read, "&&");
        if (mended.found > 0) return { ...mended, reading: "corrected", corrections };
      }
      const some = await page(pool, query, read, "||");
      return { ...some, reading: "some words", corrections };
    },
  };
}

/** The values of a statement; `add` returns the placeholder of one. */
class Values {
  readonly list: unknown[] = [];
  add(value: unknown): string {
    return `$${this.list.push(value)}`;
  }
}

function termQuery({ how, text }: SearchTerm, values: Values): string {
  switch (how) {
    case "phrase":
      return `phraseto_tsquery('english', ${values.add(text)})`;
    case "prefix":
      // Quoted, so that PostgreSQL takes nothing in the text for an operator.
      return `to_tsquery('english', ${values.add(`'${text.replaceAll(/[\\']/g, "$&$&")}':*`)})`;
    case "word":
      return `plainto_tsquery('english', ${values.add(text)})`;
  }
}

function textQuery(terms: readonly SearchTerm[], join: "&&" | "||", values: Values): string | null {
  const asked = terms.filter(({ without }) => !without).map((term) => termQuery(term, values));
  const barred = terms.filter(({ without }) => without).map((term) => `!!${termQuery(term, values)}`);
  const parts = [...(asked.length === 0 ? [] : [`(${asked.join(` ${join} `)})`]), ...barred];
  return parts.length === 0 ? null : parts.join(" && ");
}

async function page(
  pool: Pool,
  query: InsightQuery,
  terms: readonly SearchTerm[],
  join: "&&" | "||",
): Promise<Pick<InsightPage, "hits" | "found" | "partly">> {
  const values = new Values();
  const text = textQuery(terms, join, values);
  const conditions = [
    // Written out, so that the planner knows how common the words are: for rare words it reads all matches, else the
    // newest.
    ...(text === null ? [] : [`words @@ (${text})`]),
    ...(query.category === undefined ? [] : [`category = ${values.add(query.category)}`]),
    ...(query.tags === undefined ? [] : [`tags @> ${values.add(toJsonb(query.tags))}::jsonb`]),
    ...(query.leastImportance === undefined ? [] : [`importance >= ${values.add(query.leastImportance)}`]),
    ...(query.since === undefined ? [] : [`saved_at >= (${values.add(query.since)} || 'T00:00:00Z')::timestamptz`]),
    ...(query.jobId === undefined
      ? []
      : [`insight_id in (select insight_id from insight_jobs where job_id = ${values.add(query.jobId)})`]),
  ];
  const rows = await select(
    pool,
    PageRow,
    `with asked as (select ${text ?? "''::tsquery"} as q),
     newest as (
       select i.* from insights i ${conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`}
       order by saved_at desc, insight_id desc limit ${RANKED}
     ),
     best as (
       select insight_id, ${rank(text)} as rank from newest, asked
       order by rank desc, saved_at desc, insight_id desc
       limit ${values.add(query.limit)} offset ${values.add(query.offset)}
     ),
     shown as (
       select i.*, ${JOB_IDS}, ${SUPERSEDES}, best.rank, ts_headline('english', i.body, asked.q, '${HEADLINE}') as snippet
       from best join insights i using (insight_id), asked
     )
     select counted.found, shown.* from (select count(*)::int as found from newest) counted left join shown on true
     order by shown.rank desc, shown.saved_at desc, shown.insight_id desc`,
    values.list,
  );
  const found = rows[0]?.found ?? 0;
  return { hits: rows.filter((row) => row.insightId !== null), found, partly: found >= RANKED };
}

/** One row for each hit; without hits one row that only counts. */
const PageRow = z.union([
  z.object({ found: z.number(), insightId: z.null() }),
  InsightRow.extend({ found: z.number(), snippet: z.string() }),
]);

/** How close together the words stand (cover density, divided by the text's length), up to tripled by importance. */
const rank = (text: string | null): string =>
  text === null ? "0" : "ts_rank_cd(words, q, 1) * (0.5 + importance / 4.0)";

/** For each word that no insight has, the most similar word that one has. */
async function likeWords(pool: Pool, terms: readonly SearchTerm[]): Promise<Readonly<Record<string, string>>> {
  const words = [...new Set(terms.flatMap(({ text }) => text.toLowerCase().match(/[\p{L}\p{N}]{4,40}/gu) ?? []))];
  const row = z.object({ asked: z.string(), meant: z.string() });
  const found = await select(
    pool,
    row,
    `select asked, meant.word as meant from unnest($1::text[]) asked,
     lateral (
       select word from insight_words where word % asked and similarity(word, asked) >= $2
       order by similarity(word, asked) desc, word limit 1
     ) meant
     where not exists (select from insights where words @@ plainto_tsquery('english', asked) limit 1)`,
    [words, LIKENESS],
  );
  return Object.fromEntries(found.map(({ asked, meant }) => [asked, meant]));
}

function corrected(term: SearchTerm, corrections: Readonly<Record<string, string>>): SearchTerm {
  const text = term.text.replaceAll(/[\p{L}\p{N}]+/gu, (word) => corrections[word.toLowerCase()] ?? word);
  return { ...term, text };
}
