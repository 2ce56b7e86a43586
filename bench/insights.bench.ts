/**
 * Measures insights in a real PostgreSQL at SIZES (1000,100000): how long a search takes beside reading one insight by
 * its id, how many insights eight clients save a second, and how large the indexes are. The words are drawn as in real
 * texts: a few words are frequent, and most are rare.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { searchTerms } from "../src/domain/search-terms.ts";
import { INSIGHT_CATEGORIES, type NewInsight } from "../src/domain/insight.ts";
import { freePort } from "../src/machine/free-port.ts";
import { startPostgres } from "../lab/postgres.ts";
import { createInsightSearch } from "../src/store/insight-search.ts";
import { createInsightStore } from "../src/store/insights.ts";
import { migrate } from "../src/store/migrate.ts";
import { createPool, type Pool } from "../src/store/pool.ts";
import { inTurn, quantile, report } from "./support.ts";

const SIZES = (process.env["SIZES"] ?? "1000,100000").split(",").map(Number);
const ROUNDS = 40;
const CLIENTS = 8;
/** Eight clients save so many, each one at a time. The insights of a size are inserted in bulk before. */
const SAVED = 500;
const POURED_AT_ONCE = 1_000;

const COMMON = "volatility drawdown entry exit signal threshold validation overfit epoch accuracy sharpe label".split(
  " ",
);
/** Gives the same numbers at every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const draw = random(7);
const pick = <T>(from: readonly T[], skew = 1): T => from[Math.floor(from.length * draw() ** skew)] as T;

const syllable = () =>
  pick("bcdfghklmnprstvz".split("")) + pick("aeiou".split("")) + pick(["", "", "n", "r", "s", "l"]);
const RARE = Array.from({ length: 20_000 }, () => syllable() + syllable() + syllable());

function insight(serial: number): NewInsight {
  const words = Array.from({ length: 40 + Math.floor(draw() * 40) }, () =>
    draw() < 0.3 ? pick(COMMON) : pick(RARE, 4),
  );
  return {
    category: pick(INSIGHT_CATEGORIES),
    body: `Number ${serial}: ${words.join(" ")}.`,
    tags: [pick(["rsi", "macd", "spx", "eurusd", "labels"])],
    importance: 1 + Math.floor(draw() * 10),
    jobIds: [],
    supersedes: [],
  };
}

async function pour(pool: Pool, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += POURED_AT_ONCE) {
    const rows = Array.from({ length: Math.min(POURED_AT_ONCE, to - at) }, (_, place) => ({
      id: `insight-poured-${at + place}`,
      ...insight(at + place),
    }));
    await pool.query(
      `insert into insights (insight_id, category, body, tags, importance, client, saved_at)
       select id, category, body, tags, importance, 'bench', now() - random() * interval '1 year'
       from jsonb_to_recordset($1) as row(id text, category text, body text, tags jsonb, importance smallint)`,
      [JSON.stringify(rows)],
    );
  }
  const vocabulary = [...COMMON, ...RARE].filter((word) => word.length >= 4);
  await pool.query("insert into insight_words select unnest($1::text[]) on conflict do nothing", [vocabulary]);
  await pool.query("vacuum analyze insights, insight_words");
}

/** @returns insights a second */
async function save(pool: Pool, from: number): Promise<number> {
  const store = createInsightStore(pool);
  const serials = Array.from({ length: SAVED }, (_, at) => from + at).values();
  const began = performance.now();
  const client = async () => {
    for (const serial of serials) await store.save(insight(serial), "bench");
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return Math.round(SAVED / ((performance.now() - began) / 1_000));
}

async function search(pool: Pool, size: number): Promise<Record<string, string | number>[]> {
  const insights = { ...createInsightStore(pool), ...createInsightSearch(pool) };
  const ask =
    (query: string, more = {}) =>
    async () =>
      await insights.search({ terms: searchTerms(query), limit: 5, offset: 0, ...more });
  const [rare = "", other = ""] = [RARE[40], RARE[41]];
  const taken = await inTurn(ROUNDS, {
    "one by its id": async () => await insights.get("insight-poured-0"),
    "a rare word": ask(RARE[2_000] ?? ""),
    "a word in most of them": ask("volatility"),
    "three words": ask(`volatility drawdown ${rare}`),
    "a phrase": ask('"validation overfit"'),
    "the beginning of a word": ask("thresh*"),
    "a mistyped word": ask(`volatilty ${rare}`),
    "words that none has together": ask(`${RARE[2_000]} ${RARE[2_001]} ${other}`),
    "words, tag and importance": ask(rare, { tags: ["spx"], leastImportance: 8 }),
    "the newest": ask(""),
  });
  const base = quantile(taken["one by its id"], 0.5);
  return Object.entries(taken).map(([what, ms]) => ({
    insights: size,
    search: what,
    "median (ms)": quantile(ms, 0.5),
    "95 % (ms)": quantile(ms, 0.95),
    ratio: Math.round((quantile(ms, 0.5) / base) * 10) / 10,
  }));
}

async function sizeOf(pool: Pool, size: number): Promise<Record<string, string | number>> {
  const mb = "round(pg_total_relation_size($1::regclass) / 1e6, 1)::float8";
  const { rows } = await pool.query<{ name: string; mb: number }>(
    `select c.relname as name, round(pg_relation_size(c.oid) / 1e6, 1)::float8 as mb
     from pg_class c where c.relname in ('insights_by_words', 'insights_by_tag', 'insights_by_age', 'insight_words_alike')`,
  );
  const { rows: whole } = await pool.query<{ mb: number }>(`select ${mb} as mb`, ["insights"]);
  return {
    insights: size,
    "all (MB)": whole[0]?.mb ?? 0,
    ...Object.fromEntries(rows.map((row) => [row.name, row.mb])),
  };
}

const dir = await mkdtemp(path.join(tmpdir(), "ktrdr-mcp-bench-"));
const server = await startPostgres({ dir, port: await freePort(), fsync: true });
const url = server.url("bench");
await migrate(url);
const pool = createPool(url, { max: CLIENTS });
try {
  const searches: Record<string, string | number>[] = [];
  const sizes: Record<string, string | number>[] = [];
  let there = 0;
  for (const size of SIZES) {
    await pour(pool, there, size);
    const perSecond = await save(pool, 10_000_000 + there);
    there = size;
    searches.push(...(await search(pool, size)));
    sizes.push({ ...(await sizeOf(pool, size)), "saved a second by 8 clients": perSecond });
  }
  await report("insight-search", searches);
  await report("insight-sizes", sizes);
} finally {
  await pool.end();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
}
