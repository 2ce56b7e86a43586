import { afterAll, beforeAll, expect, test } from "vitest";
import { recordCandidate } from "../support/candidates.ts";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ temporal: true });
});
afterAll(() => stack.stop());

test("takes a candidate back, once, and tells its workflow", async () => {
  const task_id = await recordCandidate(stack.writer, "dip");
  await stack.ask("propose_champion", { task_id, reason: "It holds." });
  const reason = "Its bars were wrong.";
  expect(await stack.ask("withdraw_candidate", { task_id, reason })).toEqual({ task_id, stage: "withdrawn" });
  const { events } = await stack.temporal().client.workflow.getHandle(`approval-${task_id}-1`).fetchHistory();
  const signals = (events ?? []).flatMap((event) => event.workflowExecutionSignaledEventAttributes?.signalName ?? []);
  expect(signals).toEqual(["decided"]);
  expect(await stack.refused("withdraw_candidate", { task_id, reason })).toMatch(
    /^\[not_waiting -32602\] backtest-dip is withdrawn/,
  );
  const { candidates } = await stack.ask("list_candidates", { task_id });
  expect(candidates).toMatchObject([{ last: expect.stringMatching(/^withdrawn by .*Its bars were wrong\.$/) }]);
  expect(await stack.ask("propose_champion", { task_id, reason: "They are right." })).toMatchObject({
    stage: "waiting",
  });
});

test("refuses what was never proposed, and what gives no reason", async () => {
  expect(await stack.refused("withdraw_candidate", { task_id: "backtest-no", reason: "No." })).toMatch(
    /^\[candidate_not_found/,
  );
  expect(await stack.refused("withdraw_candidate", { task_id: "backtest-dip" })).toMatch(/^\[invalid_input/);
});
