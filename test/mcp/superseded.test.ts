import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { begun, ran } from "../support/experiments.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

type Row = Record<string, unknown>;

const save = async (insight: string, more: Row = {}) =>
  String((await stack.ask("save_insight", { insight, category: "pattern", ...more }))["insight_id"]);
const search = async (args: Row) => (await stack.ask("search_insights", args))["insights"] as Row[];
const ids = (rows: readonly Row[]) => rows.map((row) => row["insight_id"]);

describe("an insight that proved wrong", () => {
  test("stays, and comes after the one that holds, though the search does not match that one", async () => {
    const wrong = await save("Keltner channels are ready for money.", { importance: 10 });
    const right = await save("The Sharpe of 1.3 was a look ahead.", { supersedes: [wrong], importance: 1 });
    const rows = await search({ query: "keltner" });
    expect(ids(rows)).toEqual([right, wrong]);
    expect(rows[0]).toMatchObject({ supersedes: [wrong], text: "The Sharpe of 1.3 was a look ahead." });
    expect(rows[0]).not.toHaveProperty("superseded_by");
    expect(rows[1]).toMatchObject({ superseded_by: right, text: "Keltner channels are ready for money." });
    expect(ids(await search({ insight_id: wrong }))).toEqual([right, wrong]);
    expect(ids(await search({ query: "sharpe" }))).toEqual([right]);
  });

  test("is answered by the last of a chain, and by the newest of several", async () => {
    const first = await save("Aroon crossings pay.");
    const second = await save("Aroon: only since 2010.", { supersedes: [first] });
    const third = await save("Aroon pays nowhere.", { supersedes: [second] });
    const rows = await search({ query: "crossings" });
    expect(ids(rows)).toEqual([third, first]);
    expect(rows[1]?.["superseded_by"]).toBe(third);
    const newest = await save("Aroon was never tried after costs.", { supersedes: [third, first] });
    expect(ids(await search({ query: "crossings" }))).toEqual([newest, first]);
  });

  test("is not told in reminders any more", async () => {
    const wrong = await save("Vortex on TREND never fails.", { tags: ["vortex"] });
    const right = await save("It did fail: twelve draws, all below holding.", { supersedes: [wrong] });
    const { insights } = stack.deps.records;
    const found = await insights.search({ terms: [], limit: 1, offset: 0, tags: ["vortex"] });
    expect(found.hits.map(({ insightId }) => insightId)).toEqual([wrong]);
    expect((await insights.successors([wrong])).get(wrong)).toMatchObject({ insightId: right, client: "stack-test" });
  });

  test.each([
    [
      "nobody's insight",
      "insight-0123456789abcdef",
      /^\[insight_not_found -32602\] There is no insight.*nothing was saved/s,
    ],
    ["nobody's experiment", "experiment-0123456789abcdef", /^\[experiment_not_found -32602\] .*nothing was saved/s],
    ["a job", "backtest-probe-1", /supersedes\.0: an insight_id or experiment_id is copied from an answer/],
  ])("%s cannot be superseded, and nothing is saved", async (_name, id, refusal) => {
    const insight = `Instead of ${id}.`;
    const args = { insight, category: "pattern", supersedes: [id] };
    expect(await stack.refused("save_insight", args)).toMatch(refusal);
    expect((await search({ query: `"${insight}"` })).length).toBe(0);
  });
});

describe("a verdict that proved wrong", () => {
  test("stays, and says first what holds instead, wherever it is shown", async () => {
    const id = await begun(stack);
    const open = { insight: "Too early.", category: "failure", supersedes: [id] };
    expect(await stack.refused("save_insight", open)).toMatch(/has no verdict yet.*conclude_experiment first/s);
    await ran(stack, id, "backtest-v-1", 1.9);
    await ran(stack, id, "backtest-v-2", 1.7);
    await stack.ask("conclude_experiment", { experiment_id: id, conclusion: "It does." });
    const why = "The price file had a split in 2017: both figures are of bad bars.";
    const successor = await save(why, { supersedes: [id] });
    const expected = { insight_id: successor, by: "stack-test", says: why };
    const shown = await stack.ask("get_experiment", { experiment_id: id });
    expect(shown).toMatchObject({ superseded_by: expected, conclusion: "It does." });
    expect(shown["headline"]).toMatch(
      new RegExp(`^SUPERSEDED by ${successor}, which holds instead\\. It was: Supported: 1\\.8;`),
    );
    const [row] = (await stack.ask("list_experiments", {}))["experiments"] as Row[];
    expect(row).toMatchObject({ verdict: "supported", superseded_by: expected });
    const again = await stack.ask("conclude_experiment", { experiment_id: id, conclusion: "Once more." });
    expect(again["headline"]).toMatch(/^SUPERSEDED by /);
  });
});
