import { afterAll, beforeAll, expect, test } from "vitest";
import { createApprovals } from "../../src/store/approvals.ts";
import { createCandidateDecisions } from "../../src/store/candidate-decisions.ts";
import { createPool } from "../../src/store/pool.ts";
import { recordCandidate } from "../support/candidates.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
  const pool = createPool(stack.databaseUrl);
  const [approvals, decisions] = [createApprovals(pool), createCandidateDecisions(pool)];
  const propose = async (name: string, symbol: string, without: readonly "walk"[] = []) => {
    const task_id = await recordCandidate(stack.writer, name, { symbol, without });
    await stack.ask("propose_champion", { task_id, reason: `${name} holds.` });
    return task_id;
  };
  const decide = async (jobId: string, decision: "approve" | "reject", reason: string) => {
    const { hash, facts } = await approvals.show(jobId);
    const words = { name: facts.strategy, evidence: hash, reason, stage: "waiting" } as const;
    await decisions.settle(await approvals.grant({ jobId, decision, ...words }, "operator ada"));
  };
  await decide(await propose("champ", "AAA"), "approve", "I looked.");
  await decide(await propose("bad", "BBB"), "reject", "One month earns it all.");
  await propose("bare", "CCC", ["walk"]);
  await propose("ready", "DDD");
  await pool.end();
});
afterAll(() => stack.stop());

const listed = async (args: Record<string, unknown> = {}) =>
  (await stack.ask("list_candidates", args))["candidates"] as Record<string, unknown>[];

test("those that wait come first, then champions; each with what is missing or was decided", async () => {
  const rows = await listed();
  expect(rows.map((row) => [row["task_id"], row["stage"]])).toEqual([
    ["backtest-ready", "waiting"],
    ["backtest-champ", "champion"],
    ["backtest-bare", "candidate"],
    ["backtest-bad", "rejected"],
  ]);
  expect(rows[0]).toMatchObject({
    market: "DDD 1d",
    reason: "ready holds.",
    waits_since: expect.any(String),
    expires_at: expect.any(String),
    evidence_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(rows[1]?.["last"]).toMatch(/^approved by operator ada at .*: I looked\.$/);
  expect(rows[2]?.["missing"]).toEqual(["walk_forward"]);
  expect(rows[3]?.["last"]).toMatch(/^rejected by operator ada at .*: One month earns it all\.$/);
});

test("one of them with its gates and its whole history", async () => {
  const [row] = await listed({ task_id: "backtest-bad" });
  const history = (row?.["history"] ?? []) as { what: string }[];
  expect(history.map(({ what }) => what)).toEqual(["proposed", "waits", "rejected"]);
  expect(row?.["gates"]).toContainEqual(expect.objectContaining({ gate: "luck", held: true }));
});

test("only those of a symbol or a stage, and so many", async () => {
  expect(await listed({ symbol: "CCC" })).toHaveLength(1);
  expect(await listed({ stage: "champion" })).toMatchObject([{ task_id: "backtest-champ" }]);
  expect(await stack.ask("list_candidates", { limit: 2 })).toMatchObject({ more: true, note: expect.any(String) });
  expect(await stack.refused("list_candidates", { task_id: "backtest-no" })).toMatch(/^\[candidate_not_found/);
});
