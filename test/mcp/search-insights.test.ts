import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordTraining } from "../support/job-records.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

const TEXTS = {
  dips: "Buying dips by RSI in high volatility loses: entries come too late, and the model overfits after epoch 30.",
  trend: "Trend following with MACD on SPX works in low volatility only. Sharpe 0.4, as much as buying and holding.",
  labels: "Zigzag labels of 2 % are too rare: hold is 96 % of the bars, so accuracy says nothing.",
  size: "High drawdowns come from volatility of the last year, not from many trades.",
} as const;
type Key = keyof typeof TEXTS;

let stack: Stack;
const ids = new Map<unknown, Key>();
beforeAll(async () => {
  stack = await startStack();
  await recordTraining(stack.writer, "train-probe-1", {});
  const more: Record<Key, Record<string, unknown>> = {
    dips: { category: "failure", tags: ["rsi", "spx"], importance: 6, task_ids: ["train-probe-1"] },
    trend: { category: "success", tags: ["macd", "spx"], importance: 7 },
    labels: { category: "failure", tags: ["labels"], importance: 9 },
    size: { category: "pattern", tags: ["risk"], importance: 2 },
  };
  for (const key of Object.keys(TEXTS) as Key[]) {
    const { insight_id: id } = await stack.ask("save_insight", { insight: TEXTS[key], ...more[key] });
    ids.set(id, key);
  }
});
afterAll(() => stack.stop());

const rows = (answer: Record<string, unknown>) => answer["insights"] as Record<string, unknown>[];
const keys = (answer: Record<string, unknown>) => rows(answer).map((row) => String(ids.get(row["insight_id"])));
const sortedKeys = (answer: Record<string, unknown>) => keys(answer).toSorted((a, b) => a.localeCompare(b));
const search = async (args: Record<string, unknown>) => await stack.ask("search_insights", args);

describe("search_insights", () => {
  test.each([
    ["one word", "macd", ["trend"]],
    ["a stem", "overfitting", ["dips"]],
    ["all of several words", "volatility sharpe", ["trend"]],
    ["a phrase, in this order only", '"high volatility"', ["dips"]],
    ["the beginning of a word", "zigz*", ["labels"]],
    ["a tag", "risk", ["size"]],
    ["without a word", "volatility -macd -rsi", ["size"]],
  ] as const)("finds by %s", async (_name, query, found) => {
    const answer = await search({ query });
    expect(keys(answer)).toEqual(found);
    expect(answer).toMatchObject({ reading: "all words", found: found.length, more: false });
  });

  test("what is more important comes first where the words weigh the same", async () => {
    expect(keys(await search({ query: "volatility" }))[0]).toBe("trend");
  });

  test("reads a mistyped word as one that is like it, and says so", async () => {
    const answer = await search({ query: "volatilty zigzga -rsi" });
    expect(answer["reading"]).toBe("some words (volatilty as volatility, zigzga as zigzag)");
    expect(sortedKeys(answer)).toEqual(["labels", "size", "trend"]);
    const mended = await search({ query: "drawdwons" });
    expect(mended).toMatchObject({ reading: "corrected (drawdwons as drawdowns)" });
    expect(keys(mended)).toEqual(["size"]);
  });

  test("shows those with some of the words when none has all", async () => {
    const answer = await search({ query: "macd zigzag" });
    expect(answer["reading"]).toBe("some words");
    expect(sortedKeys(answer)).toEqual(["labels", "trend"]);
  });

  test.each([
    ["a category", { category: "failure" }, ["labels", "dips"]],
    ["all of the tags", { tags: ["spx", "rsi"] }, ["dips"]],
    ["importance", { min_importance: 7 }, ["labels", "trend"]],
    ["a job", { task_id: "train-probe-1" }, ["dips"]],
    ["today", { since: new Date().toISOString().slice(0, 10) }, ["size", "labels", "trend", "dips"]],
    ["tomorrow", { since: "2999-01-01" }, []],
    ["words and a category", { query: "volatility", category: "success" }, ["trend"]],
  ])("leaves what has %s", async (_name, filter, found) => {
    expect(keys(await search(filter))).toEqual(found);
  });

  test("pages through what it found, in one order", async () => {
    const pages = [1, 2, 3].map(async (page) => await search({ limit: 2, page, query: "volatility" }));
    const [first, second, third] = await Promise.all(pages);
    expect([first, second, third].map((answer) => answer?.["more"])).toEqual([true, false, false]);
    expect(new Set([...keys(first!), ...keys(second!)])).toEqual(new Set(["dips", "trend", "size"]));
    // A page beyond the last one does not change how the query is read.
    expect(third).toMatchObject({ insights: [], found: 3, reading: "all words" });
  });

  test("shows the passage of a long one, and all of it when asked by id", async () => {
    const long = `${"nothing of note here. ".repeat(60)}Then the bollinger squeeze paid. ${"more of the same. ".repeat(60)}`;
    const { insight_id: id } = await stack.ask("save_insight", { insight: long, category: "success" });
    const [row] = rows(await search({ query: "bollinger" }));
    expect(String(row?.["snippet"])).toMatch(/Then the «bollinger» squeeze paid/);
    expect(String(row?.["snippet"]).length).toBeLessThan(400);
    expect(row).not.toHaveProperty("text");
    expect(rows(await search({ insight_id: id }))[0]?.["text"]).toBe(long);
  });

  test.each([
    "",
    "the of and",
    "'; drop table insights; --",
    "& | ! ( ) : * <->",
    '"',
    "\\",
    "a".repeat(300),
    "%",
    "\u202E",
  ])("takes %j for a search and nothing else", async (query) => {
    await search({ query });
    expect(Number((await search({}))["found"])).toBeGreaterThanOrEqual(4);
  });

  test("an id that is none, or nobody's, is told what to do", async () => {
    expect(await stack.refused("search_insights", { insight_id: "insight-1" })).toContain("copied from an answer");
    expect(await stack.refused("search_insights", { insight_id: "insight-0123456789abcdef" })).toMatch(
      /^\[insight_not_found -32602\].*Next: search_insights/,
    );
  });
});
