import { afterAll, beforeAll, expect, test } from "vitest";
import { startStack, type Stack } from "../support/mcp-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ ktrdr: true, temporal: true });
});
afterAll(async () => {
  await stack.stop();
});

const SPX = { symbol: "SPX", timeframe: "1d" };

test("local looks and starts nothing", async () => {
  const answer = await stack.ask("load_market_data", SPX);
  expect(answer).toMatchObject({ stored: { from: expect.stringMatching(/^2000-01-03/), bars: 5105 } });
  expect(answer).not.toHaveProperty("task_id");
  expect(await stack.ask("load_market_data", { ...SPX, symbol: "NOPE" })).toMatchObject({
    stored: null,
    next: expect.stringContaining("full"),
  });
});

test("tail starts a durable job, and the same request on the same day is the same job", async () => {
  const first = await stack.ask("load_market_data", { ...SPX, mode: "tail" });
  expect(first).toMatchObject({ kind: "data_load", existing: false, task_id: expect.any(String) });
  const again = await stack.ask("load_market_data", { ...SPX, mode: "tail" });
  expect(again).toMatchObject({ existing: true, task_id: first["task_id"] });
  const other = await stack.ask("load_market_data", { ...SPX, mode: "tail", end_date: "2019-01-02" });
  expect(other["task_id"]).not.toBe(first["task_id"]);
});

test("refuses dates in the wrong order and modes that KTRDR does not have", async () => {
  const dates = { mode: "backfill", start_date: "2020-01-01", end_date: "2019-01-01" };
  expect(await stack.refused("load_market_data", { ...SPX, ...dates })).toMatch(
    /^\[invalid_input -32602\].*must not be after/,
  );
  expect(await stack.refused("load_market_data", { ...SPX, mode: "ib" })).toMatch(
    /^\[invalid_input -32602\].*local, tail/,
  );
});
