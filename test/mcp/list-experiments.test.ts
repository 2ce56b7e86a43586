import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { begun, ran } from "../support/experiments.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
let ids: string[];
beforeAll(async () => {
  stack = await startStack();
  ids = [];
  for (const [at, symbol] of ["SPX", "TREND", "SPX"].entries()) {
    ids.push(await begun(stack, { hypothesis: `${at} ${"long ".repeat(60)}`, symbol }));
  }
  await ran(stack, ids[0] ?? "", "backtest-a-1", 1.7);
  await ran(stack, ids[0] ?? "", "backtest-a-2", 1.8);
  await stack.ask("conclude_experiment", { experiment_id: ids[0], conclusion: "Yes." });
});
afterAll(() => stack.stop());

const listed = async (filter: Record<string, unknown> = {}) => await stack.ask("list_experiments", filter);
const idsOf = (answer: Record<string, unknown>) =>
  (answer["experiments"] as Record<string, unknown>[]).map((row) => row["experiment_id"]);

describe("list_experiments", () => {
  test("lists them newest first, long hypotheses cut, verdicts of those concluded", async () => {
    const answer = await listed();
    expect(idsOf(answer)).toEqual(ids.toReversed());
    const rows = answer["experiments"] as Record<string, unknown>[];
    expect(String(rows[0]?.["hypothesis"])).toHaveLength(160);
    expect(rows[0]).not.toHaveProperty("verdict");
    expect(rows[2]).toMatchObject({ status: "concluded", verdict: "supported" });
    expect(answer["engine"]).toMatch(/practice figures/);
    expect(await listed({ symbol: "TREND" })).not.toHaveProperty("engine");
  });

  test("filters by status, symbol and job, and pages", async () => {
    const [first, second, third] = ids;
    expect(idsOf(await listed({ status: "open" }))).toEqual([third, second]);
    expect(idsOf(await listed({ status: "concluded" }))).toEqual([first]);
    expect(idsOf(await listed({ symbol: "TREND" }))).toEqual([second]);
    expect(idsOf(await listed({ task_id: "backtest-a-2" }))).toEqual([first]);
    expect(idsOf(await listed({ task_id: "backtest-none" }))).toEqual([]);
    expect(await listed({ limit: 2 })).toMatchObject({ more: true });
    expect(idsOf(await listed({ limit: 2, page: 2 }))).toEqual([first]);
  });
});
