import { afterAll, beforeAll, expect, test } from "vitest";
import { recordCandidate, recordCostly, recordWalk } from "../support/candidates.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ temporal: true });
});
afterAll(() => stack.stop());

const REASON = "It holds in every window.";
const propose = async (task_id: string) => await stack.ask("propose_champion", { task_id, reason: REASON });
const waitOf = (jobId: string, round = 1) => stack.temporal().client.workflow.getHandle(`approval-${jobId}-${round}`);

test("what luck explains is refused with each gate and what to do, and is not kept", async () => {
  const task_id = await recordCandidate(stack.writer, "lucky", {
    symbol: "AAA",
    result: { sharpe: 0.2, trades: 12, caveats: [{ code: "looks_ahead", text: "LOOKS AHEAD" }] },
  });
  const refusal = await stack.refused("propose_champion", { task_id, reason: REASON });
  expect(refusal).toMatch(/^\[not_eligible -32602\] backtest-lucky cannot be proposed/);
  expect(refusal).toMatch(/luck: .*trades: It made 12 trades.*no_look_ahead: The strategy saw the future/);
  expect(refusal).toMatch(/Next: .*more days.*validate_strategy/);
  expect(await stack.ask("list_candidates", { symbol: "AAA" })).toMatchObject({ candidates: [], more: false });
});

test("what lacks evidence is kept with the calls that supply it; then it waits for a human, in Temporal", async () => {
  const task_id = await recordCandidate(stack.writer, "bare", { symbol: "BBB", without: ["walk", "costs"] });
  const first = await propose(task_id);
  expect(first).toMatchObject({
    stage: "candidate",
    missing: ["walk_forward", "doubled_costs"],
    next: expect.stringMatching(/^start_walk_forward \{"strategies": \["bare"\]\}.*then propose_champion again$/),
    engine: "sandbox-1.0.0",
  });
  expect(first["gates"]).toContainEqual({
    gate: "doubled_costs",
    held: "unknown",
    says: expect.stringContaining("It pays 0.1 % commission and 0.05 % slippage a fill"),
    next: expect.stringContaining('"commission": 0.002, "slippage": 0.001'),
  });
  await recordCostly(stack.writer, "bare", { symbol: "BBB" });
  await recordWalk(stack.writer, "walk-bare", "bare", { symbol: "BBB" });
  const second = await propose(task_id);
  expect(second).toMatchObject({
    stage: "waiting",
    next: expect.stringMatching(/Tell the user.*ktrdr-mcp approve backtest-bare.*Nothing here can approve/),
    evidence_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    expires_at: expect.any(String),
  });
  expect(second["evidence_hash"]).not.toBe(first["evidence_hash"]);
  expect(await propose(task_id)).toMatchObject({ stage: "waiting", expires_at: second["expires_at"] });
  const { status, type } = await waitOf(task_id).describe();
  expect([status.name, type]).toEqual(["RUNNING", "awaitApproval"]);
});

test("while Temporal is away the proposal is kept", async () => {
  const without = await startStack();
  try {
    const task_id = await recordCandidate(without.writer, "kept");
    expect(await without.ask("propose_champion", { task_id, reason: REASON })).toMatchObject({ stage: "waiting" });
  } finally {
    await without.stop();
  }
});

test.each([
  ["no job", { task_id: "backtest-nowhere" }, /^\[task_not_found/],
  ["no reason", { task_id: "backtest-bare", reason: " " }, /^\[invalid_input/],
  ["a training", { task_id: "train-bare-0" }, /^\[not_eligible.*no backtest of its own/],
  ["evidence of the caller's own", { task_id: "backtest-bare", luck: 0.01 }, /^\[invalid_input.*luck/],
  ["an approval", { task_id: "backtest-bare", approve: true }, /^\[invalid_input.*approve/],
])("refuses %s", async (_, args, wanted) => {
  expect(await stack.refused("propose_champion", { reason: REASON, ...args })).toMatch(wanted);
});
